"""Which way a metric is better."""

import pytest

from aseptic.direction import direction_of

BETTER_WHEN_GREATER = """
acc accuracy val_acc val/acc test.accuracy testAcc balanced_accuracy_score top5_acc acc1 acc@1
f1 f1_score f1-score F1Score macro_f1 auc roc_auc_score AUROC pr_auc precision recall recall@10
hits@10 r2 R2 r2_score score best_score_ mean_test_score mAP mAP50 map@50 ndcg@10 NDCG bleu BLEU
sacrebleu_bleu rougeL rouge-1 iou mIoU_iou dice reward mean_reward episode_return throughput
samples_per_second tokens_per_sec fps log_likelihood kappa cohen_kappa_score mcc silhouette_score
explained_variance_score exact_match pass@1 win_rate psnr ssim neg_mean_squared_error neg_log_loss
neg_brier_score jaccard_score adjusted_rand_ari tpr tnr hits n_hits true_positives
explained_var specificity sharpe average_precision_score
macro_avg/f1-score elbo pearson_corr cosine_similarity calinski_harabasz_score
""".split()  # noqa: SIM905 - a list of words reads best as words

BETTER_WHEN_LESS = """
loss val_loss train/loss testLoss total_loss error err error_rate mse MSE rmse RMSE mae mape smape
mean_squared_error mean_absolute_error logloss log_loss nll perplexity ppl fid FID wer cer brier
brier_score brier_score_loss time fit_time score_time train_time_s latency p95_latency duration_s
elapsed gap overfit_gap regret cross_entropy kl_divergence hinge_loss hamming_loss zero_one_loss
negative_log_likelihood davies_bouldin_score inertia aic bic fpr max_drawdown ece deviance
bits_per_char_bpc runtime accuracy_loss accuracy_error acc_drop gap/accuracy f1_decrease
auc_gap false_positives falseNegatives n_false_positives fp fn FP val_fp n_fn fnr misses
""".split()  # noqa: SIM905 - a list of words reads best as words

SILENT = """
lr learning_rate C gamma epochs step n_estimators loss_weight time_limit score_threshold loss_fn
metric_name x y batch_size hidden alpha foo model seed best_epoch time_steps
std acc_std std_accuracy loss_var accuracy_variance f1_ci ci/auc rmse_sem stdevLoss score_stdev
neg_loss_std explained_variance_std false_positives_std f_1_std
fp16 fp32 use_fp16 score_fn reward_fn
""".split()  # noqa: SIM905 - a list of words reads best as words


@pytest.mark.parametrize("name", BETTER_WHEN_GREATER)
def test_more_is_better(name):
    assert direction_of(name) == "max"


@pytest.mark.parametrize("name", BETTER_WHEN_LESS)
def test_less_is_better(name):
    assert direction_of(name) == "min"


@pytest.mark.parametrize("name", SILENT)
def test_a_name_that_says_nothing_has_no_direction(name):
    assert direction_of(name) is None


@pytest.mark.parametrize("name", ["", "_", "///", "²", "точность", "a" * 100_000])
def test_any_text_can_be_asked_about(name):
    assert direction_of(name) is None


def test_a_spread_or_a_difference_is_not_what_it_is_of():
    assert direction_of("test_acc") == "max"
    assert direction_of("test_acc_std") is None
    assert direction_of("test_acc_drop") == "min"
    assert direction_of("acc_gap_std") is None


def test_the_last_word_decides():
    assert direction_of("loss_of_accuracy") == "max"
    assert direction_of("accuracy_loss") == "min"
