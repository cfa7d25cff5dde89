"""D18: a transformer was fitted on rows that later judged the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aseptic.checks.check import NotApplicable, check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from aseptic.capture.lineage import DataUse, Lineage, Passage
    from aseptic.checks.evidence import Evidence
    from aseptic.model import Finding, Severity


@check("D18", severity="warning", needs=(), cost="look")
def preprocessing_leak(
    run: Evidence, *, share: float = 0.5, sampled_share: float = 0.9
) -> Iterator[Finding]:
    """A transformer was fitted on rows that later judged the model.

    Why: what it learned of those rows (their mean, their classes, which columns predict their
    target) is in the data that the model was trained on, so the metric is better than the model
    will be on new rows: a little for a scaler, without bound for a selection of features.

    Method: while tracked cells run, the rows that estimators see are hashed, and what transformers
    return is followed back to the rows they were given. Of the rows that judge the model, those
    count that the transformer was fitted on beside the training rows, copy by copy, so that rows
    which repeat by nature do not. From `share` of them on it is a leak; where the data are so large
    that only a sample is hashed, from `sampled_share` on. An error where the transformer looks at
    the target; information where it learns which values there are and no more, or where the
    judging rows are those of a cross-validation.

    Remedy: put the transformer into a `Pipeline` with the model, or fit it on the training data
    alone, after the split.

    Source: Kapoor and Narayanan, Leakage and the reproducibility crisis in machine-learning-based
    science, 2023: leakage L1.2 and L1.3.

    Bad::

        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import train_test_split
        from sklearn.preprocessing import StandardScaler

        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(200, 4)), rng.integers(0, 2, 200)
        scaled = StandardScaler().fit_transform(X)
        X_train, X_test, y_train, y_test = train_test_split(scaled, y, random_state=0)
        LogisticRegression().fit(X_train, y_train).score(X_test, y_test)

    Good::

        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import train_test_split
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(200, 4)), rng.integers(0, 2, 200)
        X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
        model = make_pipeline(StandardScaler(), LogisticRegression())
        model.fit(X_train, y_train).score(X_test, y_test)
    """
    lineage = run.lineage
    judging = [use for use in lineage.current if use.judges]
    if not judging:
        raise NotApplicable("no model was seen to be judged: a tracked cell shows it")
    hashed = [use for use in judging if use.features.hashes is not None]
    if not hashed:
        raise NotApplicable(f"the rows are not known: {judging[0].features.reason}")
    told: set[int] = set()
    for use in hashed:
        trained = [] if use.is_cross_validation else lineage.training_of(use)
        if not use.is_cross_validation and not _are_others(use, trained):
            continue
        for passage in lineage.passages(use):
            fits = _fits(lineage, passage)
            if not fits or passage.through.token in told:
                continue
            is_whole = all(one.features.is_whole for one in (*fits, *trained, use))
            limit = share if is_whole else sampled_share
            came = _came_through(lineage, trained, passage)
            leaked = (_leaked if is_whole else _leaked_of_sample)(passage, fits, came)
            if is_whole and not _has_room(use, trained, fits, came):
                continue
            if leaked >= limit:
                told.add(passage.through.token)
                yield run.finding(
                    f"{fits[-1].said} saw {leaked:.0%} of the rows that {use.said} judges by",
                    subject=fits[-1].estimator,
                    severity=_severity(fits[-1], use),
                    share=leaked,
                    limit=limit,
                    fitted_rows=sum(one.features.rows for one in fits),
                    judging_rows=use.features.rows,
                )


def _are_others(use: DataUse, trained: Sequence[DataUse]) -> bool:
    """Whether it is known what the model was trained on, and that other rows may judge it."""
    if not trained or use.features.hashes is None:
        return False
    return not any(_is_within(use, one) for one in trained)


def _is_within(use: DataUse, training: DataUse) -> bool:
    """Whether the rows that judge seem to be training rows; also where that cannot be told.

    Where all rows have hashes, training rows are told from others by their number.
    """
    if training.features.hashes is None or use.features.hashes is None:
        return True
    if training.features.is_whole and use.features.is_whole:
        return False
    met = float(np.isin(use.features.hashes, training.features.hashes).mean())
    return met >= 0.5 * training.features.fraction


def _has_room(
    use: DataUse,
    trained: Sequence[DataUse],
    fits: Sequence[DataUse],
    came: NDArray[np.uint64],
) -> bool:
    """Whether the transformer saw more rows than the training ones.

    Asked where many rows became alike, so that not all training rows can be followed back.
    """
    training = sum(one.features.rows for one in trained)
    if len(came) >= 0.99 * training:
        return True
    return sum(one.features.rows for one in fits) >= training + 0.5 * use.features.rows


def _came_through(
    lineage: Lineage, trained: Sequence[DataUse], passage: Passage
) -> NDArray[np.uint64]:
    """The training rows as they were before the transformer that the judging rows came through."""
    came = [
        one.inputs
        for training in trained
        for one in lineage.passages(training)
        if one.through.token == passage.through.token
    ]
    return np.concatenate(came) if came else passage.inputs[:0]


def _fits(lineage: Lineage, passage: Passage) -> Sequence[DataUse]:
    """By what the transformer had learned when the rows came through it."""
    through = passage.through
    fits = [through] if through.fits else lineage.training_of(through)
    return [one for one in fits if one.prepares and one.features.hashes is not None]


def _leaked(passage: Passage, fits: Sequence[DataUse], came: NDArray[np.uint64]) -> float:
    """The share of the rows that judge, as they were before the transformer, that it learned of."""
    spare, spared = _without(_fitted(fits), came)
    judged, counts = np.unique(passage.inputs, return_counts=True)
    met = np.minimum(counts, _counts_at(judged, spare, spared)).sum()
    return float(met) / len(passage.inputs) * passage.share


def _leaked_of_sample(passage: Passage, fits: Sequence[DataUse], _: NDArray[np.uint64]) -> float:
    """An estimate: rows of two samples meet as seldom as the samples are small."""
    inputs = passage.inputs
    if len(inputs) < 20 or _repeated(inputs) > 0.1:
        return 0.0
    is_same = any(one is passage.through for one in fits)
    fraction = 1.0 if is_same else min(one.features.fraction for one in fits)
    return min(1.0, float(np.isin(inputs, _fitted(fits)).mean()) / max(fraction, 1e-9))


def _fitted(fits: Sequence[DataUse]) -> NDArray[np.uint64]:
    return np.concatenate([f.features.hashes for f in fits if f.features.hashes is not None])


def _repeated(hashes: NDArray[np.uint64]) -> float:
    """The share of rows that have an equal one before them."""
    return 1.0 - len(np.unique(hashes)) / max(1, len(hashes))


def _without(
    hashes: NDArray[np.uint64], others: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The distinct hashes, and how often each is there beyond its times among the others."""
    values, counts = np.unique(hashes, return_counts=True)
    taken = _counts_at(values, *np.unique(others, return_counts=True))
    return values, np.maximum(0, counts - taken)


def _counts_at(
    wanted: NDArray[np.uint64], values: NDArray[np.uint64], counts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The count of each wanted hash in a sorted table of counts; 0 where it is not there."""
    if not len(values):
        return np.zeros(len(wanted), dtype=np.int64)
    places = np.minimum(np.searchsorted(values, wanted), len(values) - 1)
    return np.where(values[places] == wanted, counts[places], 0)


def _severity(fit: DataUse, use: DataUse) -> Severity:
    if fit.learns_from_target:
        return "error"
    return "info" if fit.learns_values_only or use.is_cross_validation else "warning"
