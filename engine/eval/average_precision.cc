#include "engine/eval/average_precision.h"

#include <algorithm>

namespace quantd {
namespace {

// After one more detection each, by falling score.
struct Curve {
  std::vector<double> recall;
  std::vector<double> precision;
};

Curve CurveOf(std::vector<std::pair<float, bool>> graded, int64_t num_truths) {
  std::stable_sort(
      graded.begin(), graded.end(),
      [](const auto& a, const auto& b) { return a.first > b.first; });
  Curve curve;
  double right = 0;
  for (size_t i = 0; i < graded.size(); ++i) {
    right += graded[i].second;
    curve.recall.push_back(right / static_cast<double>(num_truths));
    curve.precision.push_back(right / static_cast<double>(i + 1));
  }
  return curve;
}

// Recall is compared with some room, as 0.1 is no double.
double ElevenPoint(const Curve& curve) {
  constexpr double kRounding = 1e-9;
  double sum = 0;
  for (int tenth = 0; tenth <= 10; ++tenth) {
    double best = 0;
    for (size_t i = 0; i < curve.recall.size(); ++i) {
      if (curve.recall[i] * 10 < tenth - kRounding) continue;
      best = std::max(best, curve.precision[i]);
    }
    sum += best;
  }
  return sum / 11;
}

double Integral(Curve curve, bool is_max) {
  for (size_t i = curve.precision.size(); is_max && i-- > 1;) {
    curve.precision[i - 1] =
        std::max(curve.precision[i - 1], curve.precision[i]);
  }
  double area = 0;
  double recall = 0;
  for (size_t i = 0; i < curve.recall.size(); ++i) {
    area += (curve.recall[i] - recall) * curve.precision[i];
    recall = curve.recall[i];
  }
  return area;
}

}  // namespace

double Overlap(const LabelledBox& a, const LabelledBox& b) {
  const double width =
      double{std::min(a.xmax, b.xmax)} - std::max(a.xmin, b.xmin);
  const double height =
      double{std::min(a.ymax, b.ymax)} - std::max(a.ymin, b.ymin);
  if (!(width > 0 && height > 0)) return 0;
  const auto area = [](const LabelledBox& box) {
    return (double{box.xmax} - box.xmin) * (double{box.ymax} - box.ymin);
  };
  return width * height / (area(a) + area(b) - width * height);
}

void AveragePrecision::AddImage(const std::vector<TrueBox>& truths,
                                const std::vector<ScoredBox>& detections) {
  for (const TrueBox& truth : truths) {
    counts_[truth.box.label].num_truths += !truth.is_difficult;
  }
  std::vector<const ScoredBox*> sorted;
  sorted.reserve(detections.size());
  for (const ScoredBox& detection : detections) sorted.push_back(&detection);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ScoredBox* a, const ScoredBox* b) {
                     return a->score > b->score;
                   });
  std::vector<bool> is_found(truths.size());
  for (const ScoredBox* detection : sorted) {
    Counts& counts = counts_[detection->box.label];
    ++counts.num_detections;
    size_t best = truths.size();
    double best_overlap = 0;
    for (size_t i = 0; i < truths.size(); ++i) {
      if (truths[i].box.label != detection->box.label) continue;
      const double overlap = Overlap(truths[i].box, detection->box);
      if (overlap <= best_overlap) continue;
      best_overlap = overlap;
      best = i;
    }
    const bool is_match = best < truths.size() && best_overlap >= min_overlap_;
    if (is_match && truths[best].is_difficult) continue;
    counts.graded.emplace_back(detection->score, is_match && !is_found[best]);
    if (is_match) is_found[best] = true;
  }
}

double AveragePrecision::PrecisionOf(const Counts& counts) const {
  if (counts.num_truths == 0) return -1;
  const Curve curve = CurveOf(counts.graded, counts.num_truths);
  return method_ == PrecisionMethod::k11Point
             ? ElevenPoint(curve)
             : Integral(curve, method_ == PrecisionMethod::kMaxIntegral);
}

std::map<int, AveragePrecision::Class> AveragePrecision::Classes() const {
  std::map<int, Class> classes;
  for (const auto& [label, counts] : counts_) {
    classes[label] = {PrecisionOf(counts), counts.num_truths,
                      counts.num_detections};
  }
  return classes;
}

double AveragePrecision::Mean() const {
  double sum = 0;
  int64_t count = 0;
  for (const auto& [label, row] : Classes()) {
    if (row.num_truths == 0) continue;
    sum += row.average_precision;
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

}  // namespace quantd
