// How two tensors are spread over each other, as numpy does: shapes are aligned
// at the last axis, and a dimension of 1 or a missing one repeats.
#ifndef QUANTD_ENGINE_LAYERS_PAIR_BROADCAST_H_
#define QUANTD_ENGINE_LAYERS_PAIR_BROADCAST_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/core/shape.h"

namespace quantd {

class PairBroadcast {
 public:
  PairBroadcast() = default;

  // Errors: INVALID_ARGUMENT if two dimensions differ and neither is 1.
  static absl::StatusOr<PairBroadcast> Create(const Shape& a, const Shape& b);

  // Of the result.
  const Shape& shape() const { return shape_; }

  // Calls row(i, ia, ib) for each run of run() results: result i + k belongs to
  // a's element ia + k * a_step() and b's ib + k * b_step(); steps are 0 or 1.
  template <typename Row>
  void ForEachRun(Row row) const;
  int64_t run() const { return axes_.back().dim; }
  int64_t a_step() const { return axes_.back().a; }
  int64_t b_step() const { return axes_.back().b; }

 private:
  // Neighbouring axes that both tensors have, or that one repeats, are one.
  struct Axis {
    int64_t dim = 1;
    int64_t a = 0;  // Elements from one step to the next; 0 repeats.
    int64_t b = 0;
  };

  Shape shape_;
  std::vector<Axis> axes_ = {Axis()};
};

template <typename Row>
void PairBroadcast::ForEachRun(Row row) const {
  if (shape_.num_elements() == 0) return;
  std::vector<int64_t> at(axes_.size(), 0);
  int64_t ia = 0;
  int64_t ib = 0;
  for (int64_t i = 0; i < shape_.num_elements(); i += run()) {
    row(i, ia, ib);
    for (int axis = static_cast<int>(axes_.size()) - 2; axis >= 0; --axis) {
      const Axis& step = axes_[axis];
      ia += step.a;
      ib += step.b;
      if (++at[axis] < step.dim) break;
      at[axis] = 0;
      ia -= step.a * step.dim;
      ib -= step.b * step.dim;
    }
  }
}

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_PAIR_BROADCAST_H_
