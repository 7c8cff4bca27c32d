#include "engine/eval/accuracy_count.h"

#include <numeric>

#include "base/error.h"
#include "base/status_macros.h"
#include "engine/layers/labels.h"

namespace quantd {
namespace {

int64_t Sum(const std::vector<int64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

// Classes that score at least as much as `label`, which is left out.
int64_t NumOthers(const float* scores, const ClassAxis& axis, int64_t position,
                  int64_t label) {
  const float own = scores[axis.IndexOf(position, label)];
  int64_t num_others = -1;  // The label itself is counted too.
  for (int64_t c = 0; c < axis.classes; ++c) {
    num_others += scores[axis.IndexOf(position, c)] >= own;
  }
  return num_others;
}

}  // namespace

absl::Status AccuracyCount::Add(const Tensor& scores, const Tensor& labels) {
  ASSIGN_OR_RETURN(
      const ClassAxis axis,
      MakeClassAxis(scores.shape(), labels.shape(), param_.axis()));
  if (num_all_.empty()) {
    num_all_.resize(axis.classes);
    num_correct_.resize(axis.classes);
  }
  if (num_all_.size() != static_cast<size_t>(axis.classes)) {
    return Error(absl::StatusCode::kInvalidArgument, "LAYER_SHAPE_INVALID",
                 "the number of classes changes from batch to batch");
  }
  for (int64_t i = 0; i < axis.num_positions(); ++i) {
    const float value = labels.data()[i];
    if (param_.has_ignore_label() && IsLabel(value, param_.ignore_label())) {
      continue;
    }
    ASSIGN_OR_RETURN(const int64_t label, ClassOf(value, axis.classes));
    ++num_all_[label];
    num_correct_[label] +=
        NumOthers(scores.data(), axis, i, label) < param_.top_k();
  }
  return absl::OkStatus();
}

int64_t AccuracyCount::num_positions() const { return Sum(num_all_); }

double AccuracyCount::accuracy() const {
  return Share(Sum(num_correct_), Sum(num_all_));
}

std::vector<double> AccuracyCount::class_accuracies() const {
  std::vector<double> shares;
  for (size_t c = 0; c < num_all_.size(); ++c) {
    shares.push_back(Share(num_correct_[c], num_all_[c]));
  }
  return shares;
}

}  // namespace quantd
