// RetinaFaceDetection (Sophgo): faces and five landmarks each. Bottoms: scores
// (1, 4, H, W), the faces' last, box deltas (1, 8, H, W) and landmark deltas
// (1, 20, H, W) for stride 8, then for 16, then for 32; two anchors a cell. Top
// (1, 1, keep_topk, 15): rows x1, y1, x2, y2, score, five times x, y, by
// descending score, then zeros.
#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/layers/boxes.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

constexpr int kRowSize = 15;
constexpr int kMaps = 3;
constexpr int kBottomsPerMap = 3;
constexpr int kAnchors = 2;
constexpr int kLandmarkValues = 10;
constexpr int64_t kMaxKept = 1 << 24;

// Anchors are squares of 17 * scale + 1 pixels around the pixel 8.5 of a cell.
struct Map {
  int stride;
  float scales[kAnchors];
};
constexpr Map kMapsByBottom[kMaps] = {
    {8, {2, 1}}, {16, {8, 4}}, {32, {32, 16}}};
constexpr float kBaseSize = 17;
constexpr float kCenter = 8.5f;

struct Face {
  Box box;
  float score;
  float landmarks[kLandmarkValues];  // x, y in turn.
};

// As that fork does it: after a box is kept, a later one goes if its overlap
// with the box that follows the kept one, relative to the areas of the kept and
// the later one, is above the threshold. `boxes` are by descending score.
std::vector<int> SuppressByFollower(absl::Span<const Box> boxes,
                                    float threshold) {
  const int count = static_cast<int>(boxes.size());
  const auto area = [](const Box& box) {
    return (box.x2 - box.x1 + 1) * (box.y2 - box.y1 + 1);
  };
  std::vector<bool> gone(boxes.size(), false);
  std::vector<int> kept;
  for (int i = 0; i < count; ++i) {
    if (gone[i]) continue;
    kept.push_back(i);
    const float kept_area = area(boxes[i]);
    for (int j = i + 1; j < count; ++j) {
      const Box& follower = boxes[i + 1];
      const float w = std::min(follower.x2, boxes[j].x2) -
                      std::max(follower.x1, boxes[j].x1) + 1;
      const float h = std::min(follower.y2, boxes[j].y2) -
                      std::max(follower.y1, boxes[j].y1) + 1;
      if (w <= 0 || h <= 0) continue;
      const float overlap = w * h / (kept_area + area(boxes[j]) - w * h);
      if (overlap > threshold) gone[j] = true;
    }
  }
  return kept;
}

class RetinaFaceDetectionLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    constexpr int kBottoms = kMaps * kBottomsPerMap;
    RETURN_IF_ERROR(
        CheckArity(bottoms, {kBottoms, kBottoms}, num_tops, {1, 1}));
    return CheckSize("retinaface_detection_param.keep_topk",
                     face_param().keep_topk(), 1, kMaxKept);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    constexpr int64_t kChannels[] = {2 * kAnchors, 4 * kAnchors,
                                     kLandmarkValues * kAnchors};
    for (size_t i = 0; i < bottoms.size(); ++i) {
      const Shape& shape = bottoms[i];
      const Shape& scores = bottoms[i - i % kBottomsPerMap];
      const int64_t channels = kChannels[i % kBottomsPerMap];
      if (shape.num_axes() == 4 && shape[0] == 1 && shape[1] == channels &&
          scores.num_axes() == 4 && shape.Count(2) == scores.Count(2)) {
        continue;
      }
      return BottomError(absl::StrCat("bottom ", i, " has shape ",
                                      shape.ToString(), "; it must be 1x",
                                      channels, "xHxW"));
    }
    ASSIGN_OR_RETURN((*tops)[0],
                     Shape::Create({1, 1, face_param().keep_topk(), kRowSize}));
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    std::vector<Face> faces;
    for (int map = kMaps; map-- > 0;) {
      const auto inputs = bottoms.subspan(map * kBottomsPerMap, kBottomsPerMap);
      FindFaces(inputs, kMapsByBottom[map], &faces);
    }
    std::stable_sort(
        faces.begin(), faces.end(),
        [](const Face& a, const Face& b) { return a.score > b.score; });
    std::vector<Box> boxes;
    boxes.reserve(faces.size());
    for (const Face& face : faces) boxes.push_back(face.box);
    float* y = tops[0]->DataToOverwrite();
    std::fill_n(y, tops[0]->num_elements(), 0.0f);
    float* const end = y + tops[0]->num_elements();
    for (const int i :
         SuppressByFollower(boxes, face_param().nms_threshold())) {
      if (y == end) break;
      const Face& face = faces[i];
      const float head[] = {face.box.x1, face.box.y1, face.box.x2, face.box.y2,
                            face.score};
      y = std::copy(std::begin(head), std::end(head), y);
      y = std::copy_n(face.landmarks, kLandmarkValues, y);
    }
    return absl::OkStatus();
  }

  bool IsDifferentiable(int) const override { return false; }

 private:
  const caffe::RetinaFaceDetectionParameter& face_param() const {
    return param().retinaface_detection_param();
  }

  // `inputs`: scores, box deltas, landmark deltas of one map.
  void FindFaces(Bottoms inputs, const Map& map,
                 std::vector<Face>* faces) const {
    const int64_t cells = inputs[0]->shape().Count(2);
    const int64_t width = inputs[0]->shape()[3];
    for (int anchor = 0; anchor < kAnchors; ++anchor) {
      const float size = kBaseSize * map.scales[anchor] + 1;
      const float* scores = inputs[0]->data() + (kAnchors + anchor) * cells;
      const float* deltas = inputs[1]->data() + anchor * 4 * cells;
      const float* landmarks =
          inputs[2]->data() + anchor * kLandmarkValues * cells;
      for (int64_t cell = 0; cell < cells; ++cell) {
        // Written so that NaN is no face.
        if (!(scores[cell] >= face_param().confidence_threshold())) continue;
        const int64_t row = cell / width;
        const int64_t column = cell % width;
        const float x = kCenter + static_cast<float>(column * map.stride);
        const float y = kCenter + static_cast<float>(row * map.stride);
        Face face;
        face.score = scores[cell];
        face.box = DecodeFace(deltas + cell, cells, x, y, size);
        for (int i = 0; i < kLandmarkValues; ++i) {
          face.landmarks[i] =
              (i % 2 == 0 ? x : y) + landmarks[i * cells + cell] * size;
        }
        faces->push_back(face);
      }
    }
  }

  // The box of an anchor of `size` pixels around (x, y); its last pixel is
  // inside.
  static Box DecodeFace(const float* deltas, int64_t stride, float x, float y,
                        float size) {
    const float center_x = deltas[0] * size + x;
    const float center_y = deltas[stride] * size + y;
    const float half_w = 0.5f * (std::exp(deltas[2 * stride]) * size - 1);
    const float half_h = 0.5f * (std::exp(deltas[3 * stride]) * size - 1);
    return {center_x - half_w, center_y - half_h, center_x + half_w,
            center_y + half_h};
  }
};

}  // namespace

std::unique_ptr<Layer> MakeRetinaFaceDetectionLayer(
    const caffe::LayerParameter& param, caffe::Phase phase) {
  return std::make_unique<RetinaFaceDetectionLayer>(param, phase);
}

}  // namespace quantd
