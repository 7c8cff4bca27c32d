#include "engine/layers/pool_params.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/size_pair.h"

namespace quantd {
namespace {

std::string FieldPath(absl::string_view name) {
  return absl::StrCat("pooling_param.", name);
}

bool HasSides(const caffe::PoolingParameter& p) {
  return p.has_pad_up() || p.has_pad_down() || p.has_pad_left() ||
         p.has_pad_right();
}

absl::Status ReadSides(const caffe::PoolingParameter& p, PoolGeometry* g) {
  RETURN_IF_ERROR(CheckSize(FieldPath("pad_up"), p.pad_up(), 0));
  RETURN_IF_ERROR(CheckSize(FieldPath("pad_down"), p.pad_down(), 0));
  RETURN_IF_ERROR(CheckSize(FieldPath("pad_left"), p.pad_left(), 0));
  RETURN_IF_ERROR(CheckSize(FieldPath("pad_right"), p.pad_right(), 0));
  if (p.pad() != 0 || p.pad_h() != 0 || p.pad_w() != 0) {
    return FieldError(FieldPath("pad"),
                      "is given together with pad_up, pad_down, pad_left or "
                      "pad_right; keep one");
  }
  g->pad = {p.pad_up(), p.pad_left()};
  g->pad_end = {p.pad_down(), p.pad_right()};
  return absl::OkStatus();
}

absl::Status ReadPadding(const caffe::PoolingParameter& p, PoolGeometry* g) {
  if (HasSides(p)) {
    RETURN_IF_ERROR(ReadSides(p, g));
  } else {
    ASSIGN_OR_RETURN(g->pad, ReadSizePair({"pooling_param.pad", p.has_pad(),
                                           p.has_pad_h(), p.has_pad_w(),
                                           p.pad(), p.pad_h(), p.pad_w(), 0}));
  }
  const PoolGeometry::Pair end = g->PadEnd();
  if (g->pad.h >= g->kernel.h || g->pad.w >= g->kernel.w ||
      end.h >= g->kernel.h || end.w >= g->kernel.w) {
    return FieldError(FieldPath("pad"), "must be smaller than the kernel");
  }
  if (g->IsPadded() && g->method == PoolGeometry::kStochastic) {
    return FieldError(FieldPath("pad"), "is for MAX and AVE only");
  }
  return absl::OkStatus();
}

absl::Status CheckGlobal(const caffe::PoolingParameter& p) {
  if (p.has_kernel_size() || p.has_kernel_h() || p.has_kernel_w()) {
    return FieldError(FieldPath("kernel_size"),
                      "is given together with global_pooling; keep one");
  }
  const bool has_others =
      p.pad() != 0 || p.pad_h() != 0 || p.pad_w() != 0 || p.pad_up() != 0 ||
      p.pad_down() != 0 || p.pad_left() != 0 || p.pad_right() != 0 ||
      p.stride() != 1 || (p.has_stride_h() && p.stride_h() != 1) ||
      (p.has_stride_w() && p.stride_w() != 1);
  if (!has_others) return absl::OkStatus();
  return FieldError(FieldPath("global_pooling"),
                    "takes no pad and no stride other than 1");
}

PoolGeometry::Method MethodOf(const caffe::PoolingParameter& p) {
  switch (p.pool()) {
    case caffe::PoolingParameter::AVE:
      return PoolGeometry::kAverage;
    case caffe::PoolingParameter::STOCHASTIC:
      return PoolGeometry::kStochastic;
    default:
      return PoolGeometry::kMax;
  }
}

}  // namespace

absl::StatusOr<PoolGeometry> ParsePoolParams(const caffe::PoolingParameter& p) {
  PoolGeometry g;
  g.method = MethodOf(p);
  g.round_up = p.has_round_mode()
                   ? p.round_mode() == caffe::PoolingParameter::CEIL
                   : p.ceil_mode();
  if (p.has_pad_value()) {
    if (!std::isfinite(p.pad_value())) {
      return FieldError(FieldPath("pad_value"), "must be finite");
    }
    g.pad_value = p.pad_value();
  }
  if (p.global_pooling()) {
    RETURN_IF_ERROR(CheckGlobal(p));
    return g;
  }
  ASSIGN_OR_RETURN(
      g.kernel, ReadSizePair({"pooling_param.kernel_size", p.has_kernel_size(),
                              p.has_kernel_h(), p.has_kernel_w(),
                              p.kernel_size(), p.kernel_h(), p.kernel_w(), 1}));
  ASSIGN_OR_RETURN(g.stride,
                   ReadSizePair({"pooling_param.stride", p.has_stride(),
                                 p.has_stride_h(), p.has_stride_w(), p.stride(),
                                 p.stride_h(), p.stride_w(), 1}));
  RETURN_IF_ERROR(ReadPadding(p, &g));
  return g;
}

}  // namespace quantd
