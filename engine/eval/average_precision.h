// Average precision of detections: how PASCAL VOC and SSD grade them.
#ifndef QUANTD_ENGINE_EVAL_AVERAGE_PRECISION_H_
#define QUANTD_ENGINE_EVAL_AVERAGE_PRECISION_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace quantd {

// As shares of the image's width and height.
struct LabelledBox {
  int label = 0;
  float xmin = 0;
  float ymin = 0;
  float xmax = 0;
  float ymax = 0;
};

struct TrueBox {
  LabelledBox box;
  // Neither to be found nor wrong if it is.
  bool is_difficult = false;
};

struct ScoredBox {
  LabelledBox box;
  float score = 0;
};

enum class PrecisionMethod {
  // The mean of the largest precisions at recall 0, 0.1, ..., 1 and beyond:
  // VOC 2007.
  k11Point,
  // The area below the largest precision at each recall and beyond: VOC 2010.
  kMaxIntegral,
  // The area below precision over recall as it is.
  kIntegral,
};

// Intersection over union; 0 for boxes that do not meet. No pixel is added to
// the sides, as in SSD.
double Overlap(const LabelledBox& a, const LabelledBox& b);

// Collects the detections of images.
//
// In each image the detections of a label are taken by falling score. One is
// right if it has, of the true boxes of its label, the largest overlap with one
// that it shares at least `min_overlap` with and that no detection before it
// had; it does not count if that box is difficult; else it is wrong.
//
// Threads: compatible, not safe.
class AveragePrecision {
 public:
  struct Class {
    double average_precision = 0;  // [0, 1]; -1 without true boxes.
    int64_t num_truths = 0;        // Without difficult ones.
    int64_t num_detections = 0;
  };

  AveragePrecision(PrecisionMethod method, double min_overlap)
      : method_(method), min_overlap_(min_overlap) {}

  // Takes in one image. Scores are no NaN.
  void AddImage(const std::vector<TrueBox>& truths,
                const std::vector<ScoredBox>& detections);

  // By label, of all that had a true box or a detection.
  std::map<int, Class> Classes() const;
  // The mean of the labels with true boxes; 0 without.
  double Mean() const;

 private:
  struct Counts {
    int64_t num_truths = 0;
    int64_t num_detections = 0;
    // Score, and whether it is right; without those of difficult boxes.
    std::vector<std::pair<float, bool>> graded;
  };

  double PrecisionOf(const Counts& counts) const;

  const PrecisionMethod method_;
  const double min_overlap_;
  std::map<int, Counts> counts_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_EVAL_AVERAGE_PRECISION_H_
