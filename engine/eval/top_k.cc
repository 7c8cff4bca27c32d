#include "engine/eval/top_k.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

absl::Status BadInput(const std::string& message) {
  return Error(absl::StatusCode::kInvalidArgument, "EVALUATION_INPUT_INVALID",
               message);
}

absl::Status CheckShapes(const Tensor& scores, const Tensor& labels) {
  const Shape& shape = scores.shape();
  if (shape.num_axes() < 2 || shape.Count(2) != 1 || shape[1] < 1) {
    return BadInput(absl::StrCat("scores of shape ", shape.ToString(),
                                 " are not one row per image (NxC)"));
  }
  if (labels.num_elements() != shape[0]) {
    return BadInput(absl::StrCat(labels.num_elements(), " labels for ",
                                 shape[0], " images"));
  }
  return absl::OkStatus();
}

absl::Status CheckRow(absl::Span<const float> row, float label) {
  if (!(label >= 0 && label < static_cast<float>(row.size())) ||
      label != std::floor(label)) {
    return BadInput(absl::StrCat("label ", label, " is not a class: there are ",
                                 row.size(), " classes, counted from 0"));
  }
  for (const float score : row) {
    if (std::isnan(score)) return BadInput("a score is not a number (NaN)");
  }
  return absl::OkStatus();
}

bool IsDistribution(absl::Span<const float> row) {
  double sum = 0;
  for (const float score : row) {
    if (score < 0 || score > 1) return false;
    sum += score;
  }
  return std::abs(sum - 1) <= 1e-3;
}

double CrossEntropy(absl::Span<const float> row, int64_t label,
                    ScoreKind kind) {
  double probability = row[label];
  if (kind == ScoreKind::kLogits) {
    const double max = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float score : row) sum += std::exp(score - max);
    probability = std::exp(row[label] - max) / sum;
  }
  // Not std::max: a NaN (infinite logits) counts as 0.
  return -std::log(probability > FLT_MIN ? probability : double{FLT_MIN});
}

// Where the class `label` stands among all.
struct Rank {
  int64_t num_before = 0;  // Higher scores, and equal ones of lower classes.
  bool tied = false;       // Another class scores the same.
};

Rank RankOf(absl::Span<const float> row, int64_t label) {
  Rank rank;
  for (int64_t c = 0; c < static_cast<int64_t>(row.size()); ++c) {
    if (c == label) continue;
    const bool equal = row[c] == row[label];
    rank.tied |= equal;
    rank.num_before += row[c] > row[label] || (equal && c < label);
  }
  return rank;
}

}  // namespace

absl::Status TopK::Add(const Tensor& scores, const Tensor& labels) {
  RETURN_IF_ERROR(CheckShapes(scores, labels));
  const int64_t num_classes = scores.shape()[1];
  const int64_t num_rows = scores.shape()[0];
  const auto row = [&](int64_t i) {
    return scores.values().subspan(i * num_classes, num_classes);
  };
  bool are_distributions = true;
  for (int64_t i = 0; i < num_rows; ++i) {
    RETURN_IF_ERROR(CheckRow(row(i), labels.data()[i]));
    are_distributions = are_distributions && IsDistribution(row(i));
  }
  if (kind_ == ScoreKind::kUnknown && num_rows > 0) {
    kind_ = are_distributions ? ScoreKind::kProbabilities : ScoreKind::kLogits;
  }
  for (int64_t i = 0; i < num_rows; ++i) {
    const auto label = static_cast<int64_t>(labels.data()[i]);
    const Rank rank = RankOf(row(i), label);
    num_top1_ += rank.num_before < 1;
    num_top5_ += rank.num_before < 5;
    num_ties_ += rank.tied;
    cross_entropy_ += CrossEntropy(row(i), label, kind_);
    ++num_images_;
  }
  return absl::OkStatus();
}

}  // namespace quantd
