#include "engine/layers/recurrent_layer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/kernels/cpu/gemm.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

// diff += the sum of `rows` rows of `values`.
void AddRows(const float* values, int64_t rows, Tensor* diff) {
  const int64_t n = diff->num_elements();
  float* sum = diff->data();
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < n; ++i) sum[i] += values[r * n + i];
  }
}

absl::Status ResizeTo(const std::vector<int64_t>& dims, Tensor* tensor) {
  ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  return tensor->Resize(shape);
}

}  // namespace

absl::Status RecurrentLayer::SetUp(absl::Span<const Shape> bottoms,
                                   int num_tops) {
  const caffe::RecurrentParameter& p = param().recurrent_param();
  const int num_exposed = IsExposed() ? num_states_ : 0;
  RETURN_IF_ERROR(CheckArity(bottoms, {2 + num_exposed, 3 + num_exposed},
                             num_tops, {1 + num_exposed, 1 + num_exposed}));
  dim_ = p.num_output();
  if (dim_ < 1) {
    return FieldError("recurrent_param.num_output", "must be positive");
  }
  has_static_ = static_cast<int>(bottoms.size()) > 2 + num_exposed;
  if (bottoms[0].num_axes() < 2) {
    return BottomError(absl::StrCat("bottom 0 (", bottoms[0].ToString(),
                                    ") must be time steps x sequences x ..."));
  }
  num_inputs_ = bottoms[0].Count(2);
  if (num_inputs_ < 1) return BottomError("a bottom has no values per item");
  RETURN_IF_ERROR(AddShape({width(), num_inputs_}, p.weight_filler()));
  RETURN_IF_ERROR(AddShape({width()}, p.bias_filler()));
  if (has_static_) {
    if (bottoms[2].num_axes() < 1 || bottoms[2].Count(1) < 1) {
      return BottomError("the static input has no values per item");
    }
    num_static_inputs_ = bottoms[2].Count(1);
    RETURN_IF_ERROR(AddShape({width(), num_static_inputs_}, p.weight_filler()));
  }
  carried_.resize(num_states_);
  states_.resize(num_states_);
  state_diffs_.resize(num_states_);
  RETURN_IF_ERROR(AddCellBlobs());
  if (products_ == nullptr) return absl::OkStatus();
  return products_->CheckShapes(shapes_);
}

absl::Status RecurrentLayer::AddShape(const std::vector<int64_t>& dims,
                                      const caffe::FillerParameter& filler) {
  if (products_ == nullptr) return AddBlob(dims, filler);
  ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
  shapes_.push_back(shape);
  return absl::OkStatus();
}

absl::Status RecurrentLayer::Multiply(const RecurrentProduct& product,
                                      const float* items, int64_t num_items,
                                      float* out, int64_t out_stride) {
  if (products_ != nullptr) {
    return products_->Multiply(product, items, num_items, out, out_stride);
  }
  return FloatRecurrentProducts(&blobs_).Multiply(product, items, num_items,
                                                  out, out_stride);
}

absl::Status RecurrentLayer::CheckBottoms(
    absl::Span<const Shape> bottoms) const {
  const Shape& x = bottoms[0];
  if (x.num_axes() < 2 || x.Count(2) != num_inputs_) {
    return BottomError(absl::StrCat("bottom 0 (", x.ToString(), ") must have ",
                                    num_inputs_,
                                    " values a step and sequence"));
  }
  const Shape cont({x[0], x[1]});
  if (bottoms[1] != cont) {
    return BottomError(absl::StrCat("bottom 1 (cont) has shape ",
                                    bottoms[1].ToString(), ", not ",
                                    cont.ToString()));
  }
  if (has_static_ && (bottoms[2].num_axes() < 1 || bottoms[2][0] != x[1] ||
                      bottoms[2].Count(1) != num_static_inputs_)) {
    return BottomError(absl::StrCat("the static input has shape ",
                                    bottoms[2].ToString(), ", not ", x[1], "x",
                                    num_static_inputs_));
  }
  ASSIGN_OR_RETURN(const Shape state, Shape::Create({1, x[1], dim_}));
  for (size_t i = FirstStateBottom(); i < bottoms.size(); ++i) {
    if (bottoms[i] != state) {
      return BottomError(absl::StrCat("bottom ", i, " (a state) has shape ",
                                      bottoms[i].ToString(), ", not ",
                                      state.ToString()));
    }
  }
  return absl::OkStatus();
}

absl::Status RecurrentLayer::Reshape(absl::Span<const Shape> bottoms,
                                     std::vector<Shape>* tops) {
  RETURN_IF_ERROR(CheckBottoms(bottoms));
  steps_ = bottoms[0][0];
  sequences_ = bottoms[0][1];
  ASSIGN_OR_RETURN((*tops)[0], Shape::Create({steps_, sequences_, dim_}));
  for (size_t i = 1; i < tops->size(); ++i) {
    (*tops)[i] = Shape({1, sequences_, dim_});
  }
  return ResizeBuffers();
}

absl::Status RecurrentLayer::ResizeBuffers() {
  RETURN_IF_ERROR(ResizeTo({steps_, sequences_, width()}, &gates_));
  RETURN_IF_ERROR(ResizeTo({steps_, sequences_, dim_}, &continued_));
  for (Tensor& state : states_) {
    RETURN_IF_ERROR(ResizeTo({steps_ + 1, sequences_, dim_}, &state));
  }
  const Shape carried({sequences_, dim_});
  for (Tensor& state : carried_) {
    // Other sequences: they start anew.
    if (state.shape() != carried) state = Tensor();
    RETURN_IF_ERROR(state.Resize(carried));
  }
  return absl::OkStatus();
}

absl::Status RecurrentLayer::InputGates(Bottoms bottoms) {
  RETURN_IF_ERROR(Multiply({RecurrentProduct::Items::kX, /*weights=*/0,
                            /*bias=*/1, /*first_row=*/0, width()},
                           bottoms[0]->data(), steps_ * sequences_,
                           gates_.data(), width()));
  if (!has_static_) return absl::OkStatus();
  Tensor part;
  RETURN_IF_ERROR(ResizeTo({sequences_, width()}, &part));
  RETURN_IF_ERROR(Multiply({RecurrentProduct::Items::kStatic, /*weights=*/2,
                            /*bias=*/-1, /*first_row=*/0, width()},
                           bottoms[2]->data(), sequences_, part.data(),
                           width()));
  const int64_t n = part.num_elements();
  for (int64_t t = 0; t < steps_; ++t) {
    for (int64_t i = 0; i < n; ++i) gates(t)[i] += part.data()[i];
  }
  return absl::OkStatus();
}

void RecurrentLayer::StartStates(Bottoms bottoms) {
  for (int s = 0; s < num_states_; ++s) {
    const float* start = IsExposed() ? bottoms[FirstStateBottom() + s]->data()
                                     : carried_[s].data();
    std::copy_n(start, sequences_ * dim_, state(s, 0));
  }
}

absl::Status RecurrentLayer::Forward(Bottoms bottoms, Tops tops) {
  if (products_ != nullptr) products_->BeginPass();
  RETURN_IF_ERROR(InputGates(bottoms));
  StartStates(bottoms);
  const float* cont = bottoms[1]->data();
  for (int64_t t = 0; t < steps_; ++t, cont += sequences_) {
    for (int64_t i = 0; i < sequences_ * dim_; ++i) {
      const float c = cont[i / dim_];
      // What was before a start may be NaN.
      continued(t)[i] = c == 0 ? 0 : c * state(0, t)[i];
    }
    RETURN_IF_ERROR(Step(t, cont));
  }
  for (int s = 0; s < num_states_; ++s) {
    float* last = IsExposed() ? tops[1 + s]->data() : carried_[s].data();
    std::copy_n(state(s, steps_), sequences_ * dim_, last);
  }
  return Output(tops[0]->data());
}

absl::Status RecurrentLayer::Output(float* top) {
  std::copy_n(state(0, 1), steps_ * sequences_ * dim_, top);
  return absl::OkStatus();
}

absl::Status RecurrentLayer::OutputBackward(const float* top,
                                            const float* top_diff,
                                            float* hidden_diff) {
  std::copy_n(top_diff, steps_ * sequences_ * dim_, hidden_diff);
  return absl::OkStatus();
}

absl::Status RecurrentLayer::StartStateDiffs(const BackwardPass& pass) {
  for (int s = 0; s < num_states_; ++s) {
    RETURN_IF_ERROR(ResizeTo({sequences_, dim_}, &state_diffs_[s]));
    absl::Span<float> diff = state_diffs_[s].values();
    if (IsExposed()) {
      std::copy_n(pass.top_diffs[1 + s]->data(), diff.size(), diff.data());
    } else {
      std::fill(diff.begin(), diff.end(), 0.0f);
    }
  }
  return absl::OkStatus();
}

absl::Status RecurrentLayer::Backward(const BackwardPass& pass) {
  if (products_ != nullptr) return Layer::Backward(pass);
  RETURN_IF_ERROR(gate_diffs_.Resize(gates_.shape()));
  RETURN_IF_ERROR(hidden_diffs_.Resize(continued_.shape()));
  RETURN_IF_ERROR(OutputBackward(
      pass.tops[0]->data(), pass.top_diffs[0]->data(), hidden_diffs_.data()));
  RETURN_IF_ERROR(StartStateDiffs(pass));
  const int64_t n = sequences_ * dim_;
  for (int64_t t = steps_ - 1; t >= 0; --t) {
    const float* from_top = hidden_diffs_.data() + t * n;
    for (int64_t i = 0; i < n; ++i) state_diff(0)[i] += from_top[i];
    RETURN_IF_ERROR(StepBackward(t, pass.bottoms[1]->data() + t * sequences_));
  }
  for (int s = 0; s < num_states_ && IsExposed(); ++s) {
    Tensor* diff = pass.bottom_diffs[FirstStateBottom() + s];
    if (diff != nullptr) std::copy_n(state_diff(s), n, diff->data());
  }
  RETURN_IF_ERROR(InputBackward(pass));
  if (has_static_) RETURN_IF_ERROR(StaticBackward(pass));
  return AddCellBlobDiffs();
}

absl::Status RecurrentLayer::InputBackward(const BackwardPass& pass) {
  const int64_t rows = steps_ * sequences_;
  const float* diffs = gate_diffs_.data();
  if (WantsBlobDiff(0)) {
    RETURN_IF_ERROR(Gemm({width(), num_inputs_, rows}, {diffs, true},
                         {pass.bottoms[0]->data()}, 1, blob_diff(0).data()));
  }
  if (WantsBlobDiff(1)) AddRows(diffs, rows, &blob_diff(1));
  if (pass.bottom_diffs[0] == nullptr) return absl::OkStatus();
  return Gemm({rows, num_inputs_, width()}, {diffs}, {blobs_[0].data()}, 0,
              pass.bottom_diffs[0]->data());
}

absl::Status RecurrentLayer::StaticBackward(const BackwardPass& pass) {
  Tensor sum;  // Over time.
  RETURN_IF_ERROR(ResizeTo({sequences_, width()}, &sum));
  AddRows(gate_diffs_.data(), steps_, &sum);
  if (WantsBlobDiff(2)) {
    RETURN_IF_ERROR(Gemm({width(), num_static_inputs_, sequences_},
                         {sum.data(), true}, {pass.bottoms[2]->data()}, 1,
                         blob_diff(2).data()));
  }
  if (pass.bottom_diffs[2] == nullptr) return absl::OkStatus();
  return Gemm({sequences_, num_static_inputs_, width()}, {sum.data()},
              {blobs_[2].data()}, 0, pass.bottom_diffs[2]->data());
}

}  // namespace quantd
