// How Scale and Bias spread a small tensor over a large one: along a run of
// axes, with the same value over all others.
#ifndef QUANTD_ENGINE_LAYERS_CHANNEL_BROADCAST_H_
#define QUANTD_ENGINE_LAYERS_CHANNEL_BROADCAST_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/core/shape.h"

namespace quantd {

// Element (o, d, i) of outer x dim x inner takes value d.
struct ChannelBroadcast {
  int64_t outer = 1;
  int64_t dim = 1;
  int64_t inner = 1;
  Shape shape;  // Of the small tensor; dim elements.

  // The layer owns the small tensor: axes [axis, axis + num_axes) of `bottom`,
  // all from `axis` on for num_axes -1, a scalar for 0. `field` is the
  // parameter message's name, for errors.
  // Errors: INVALID_ARGUMENT.
  static absl::StatusOr<ChannelBroadcast> OfBlob(const Shape& bottom, int axis,
                                                 int num_axes,
                                                 const std::string& field);

  // The small tensor is the second bottom: its shape must be that of `bottom`
  // from `axis` on.
  // Errors: INVALID_ARGUMENT.
  static absl::StatusOr<ChannelBroadcast> OfBottom(const Shape& bottom,
                                                   const Shape& small,
                                                   int axis);

  // The small tensor is the second bottom, or the layer's where there is none:
  // as OfBottom() or OfBlob().
  static absl::StatusOr<ChannelBroadcast> OfBottoms(
      absl::Span<const Shape> bottoms, int axis, int num_axes,
      const std::string& field);

  // The layer owns a small tensor of shape `blob`: `shape` must still be that.
  // `what` is done to the axes, for the message: "scaled".
  // Errors: INVALID_ARGUMENT, LAYER_SHAPE_INVALID.
  absl::Status CheckBlob(const Shape& blob, absl::string_view what) const;

  // y = x * scale + bias over the large tensor; `scale` or `bias` may be null
  // (1, 0), `y` may be `x`.
  void Apply(const float* x, const float* scale, const float* bias,
             float* y) const;

  // sums[d] += the sum of dy * x over the large tensor's elements (o, d, i); x
  // null is 1 everywhere. The gradient of the small tensor.
  void AddSums(const float* dy, const float* x, float* sums) const;

  // As AddSums(), overwriting `sums`.
  void WriteSums(const float* dy, const float* x, float* sums) const;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_CHANNEL_BROADCAST_H_
