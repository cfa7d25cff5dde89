"""Which way a metric is better, as its name tells.

A name is read word by word (`val/acc`, `testLoss`, `mAP50`, `neg_log_loss`), and the last word
that says something decides: `loss_acc` is an accuracy. `score` is the weakest word, since there
are Brier scores too. A word of spread or difference weighs more than all of these: an `acc_std`
is no accuracy and has no better way, and an `acc_drop` is better when it is less. A name that
speaks of a setting (`loss_weight`, `time_limit`) says nothing, and so does one that has no known
word: guessing would colour a loss green.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aseptic.model import Direction

_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")
_SEPARATOR = re.compile(r"[^0-9A-Za-z]+")

_MAX = frozenset(
    """
    acc accs accuracies accuracy ami ap ari auc aucpr aucs auprc auroc bleu calinski chrf
    completeness
    concordance corr correlation coverage dice elbo f1 f2 f05 fbeta fps fscore gain gini harabasz
    hit hits homogeneity iou jaccard kappa lift likelihood map match matched mcc meteor mrr
    ndcg dcg nmi npv nse pass pearson pearsonr ppv precision profit psnr purity qps r2 recall
    return returns revenue reward rewards roc rouge rougel rps sensitivity sharpe silhouette
    similarity spearman spearmanr specificity ssim success throughput tnr top tpr tps
    win wins
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_MIN = frozenset(
    """
    aic bic bce bouldin brier bpc ce cer churn cost crps deviance distance divergence drawdown
    duration ece eer elapsed err error errors errs fdr fid fnr fpr gap hinge huber inertia js kl
    kld lag latency logloss loss losses lpips mae mape mase mce medae misclassification mpe mse
    misses msle nll nmae nrmse pinball perplexity ppl regret residual residuals rmse rmsle
    runtime rse rss sec second seconds slowdown smape sse stall ter time violation violations wape
    wer wmape xent
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
#: Two words that together mean what neither does alone.
_PAIRS: dict[tuple[str, str], Direction] = {
    ("explained", "variance"): "max",
    ("explained", "var"): "max",
    ("false", "positives"): "min",
    ("false", "negatives"): "min",
    ("false", "positive"): "min",
    ("false", "negative"): "min",
    ("true", "positives"): "max",
    ("true", "negatives"): "max",
    ("true", "positive"): "max",
    ("true", "negative"): "max",
    ("exact", "match"): "max",
    ("cross", "entropy"): "min",
    ("time", "score"): "min",
    ("r", "squared"): "max",
    ("f", "score"): "max",
    ("f", "measure"): "max",
    ("r", "2"): "max",
    ("f", "1"): "max",
}
#: How far numbers lie apart: neither way is better, whatever it is the spread of.
_SPREADS = frozenset({"std", "stdev", "var", "variance", "ci", "sem"})
#: How much was lost between two numbers: less is better, whatever it is the difference of.
_LOSSES = frozenset({"drop", "gap", "decrease"})
#: Counts of wrong answers. Only as they are: `fp16` is a number's format, `loss_fn` a function.
_WRONG = frozenset({"fp", "fn"})
_COUNTED = frozenset({"n", "num", "val", "valid", "test", "train", "total"})
#: The name is of a setting, a counter or a function, whatever else it says.
_SETTINGS = frozenset(
    """
    alpha beta budget coef coefficient config epsilon factor fn func function id index interval
    kind lambda limit max_iter mode name names norm path penalty scale smoothing step steps
    threshold tol tolerance type weight weights
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_OTHER: dict[Direction, Direction] = {"max": "min", "min": "max"}


@lru_cache(maxsize=4096)
def direction_of(name: str) -> Direction | None:
    """Whether more (`"max"`) or less (`"min"`) of a metric is better; None when its name is silent.

    `neg_…` and `negative_…` turn a direction round: scikit-learn's `neg_log_loss` is better
    when it is greater, a `negative_log_likelihood` when it is less.
    """
    words = _words(name)
    if words and words[-1] in _WRONG and _COUNTED.issuperset(words[:-1]):
        return "min"
    if not words or not _SETTINGS.isdisjoint(words):
        return None
    if words[0] in ("neg", "negative") and len(words) > 1:
        known = _of_words(words[1:])
        return _OTHER[known] if known else None
    return _of_words(words)


def _of_words(words: list[str]) -> Direction | None:
    if _is_spread(words):
        return None
    if not _LOSSES.isdisjoint(words):
        return "min"
    if _is_rate(words):
        return "max"
    for place in range(len(words) - 1, -1, -1):
        known = _PAIRS.get((words[place - 1], words[place])) if place else None
        known = known or _of_word(words[place])
        if known:
            return known
    return "max" if words[-1] in ("score", "scores") else None


def _is_spread(words: list[str]) -> bool:
    """Whether a word says how far numbers lie apart; an explained variance is a share."""
    pairs = pairwise(["", *words])
    return any(word in _SPREADS and (before, word) not in _PAIRS for before, word in pairs)


def _is_rate(words: list[str]) -> bool:
    """`samples_per_second`, `it/s`: a throughput, though seconds alone are better when fewer."""
    return len(words) > 1 and (words[-2], words[-1][:3]) in {
        ("per", "sec"),
        ("per", "s"),
        ("it", "s"),
    }


def _of_word(word: str) -> Direction | None:
    if word in _MAX:
        return "max"
    return "min" if word in _MIN else None


def _words(name: str) -> list[str]:
    return [word for part in _SEPARATOR.split(name) if part for word in _split(part)]


def _split(part: str) -> list[str]:
    """The words of a part without separators: `valLoss` has two, `mAP50` is one with a number."""
    if _known(part.lower()):
        return [_known(part.lower())]
    return [_known(word.lower()) or word.lower() for word in _CAMEL.findall(part)]


def _known(word: str) -> str:
    """The word, or the word without its closing number (`top5`, `acc1`), if it says something."""
    bare = word.rstrip("0123456789")
    return next((one for one in (word, bare) if one in _MAX or one in _MIN), "")
