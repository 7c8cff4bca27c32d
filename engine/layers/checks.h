// Errors and checks that many layers share.
#ifndef QUANTD_ENGINE_LAYERS_CHECKS_H_
#define QUANTD_ENGINE_LAYERS_CHECKS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/core/shape.h"

namespace quantd {

// INVALID_ARGUMENT, LAYER_PARAMETER_INVALID: "<field> <problem>". `field` is
// the path from LayerParameter: "convolution_param.group".
absl::Status FieldError(absl::string_view field, absl::string_view problem);

// INVALID_ARGUMENT, LAYER_SHAPE_INVALID: the bottoms do not fit the layer.
absl::Status BottomError(absl::string_view problem);

// INVALID_ARGUMENT, LAYER_INPUT_INVALID: a bottom has a value that the layer
// cannot use, such as an index out of range.
absl::Status InputError(absl::string_view problem);

// How many bottoms or tops a layer takes: min..max.
struct Arity {
  static constexpr int kAny = 1 << 30;
  int min = 1;
  int max = 1;
};

// Errors: INVALID_ARGUMENT, LAYER_ARITY_INVALID.
absl::Status CheckArity(absl::Span<const Shape> bottoms, Arity num_bottoms,
                        int num_tops, Arity allowed_tops);

// Sizes, counts and factors that a parameter gives must be in [min, max].
// Errors: as FieldError().
absl::Status CheckSize(absl::string_view field, int64_t value, int64_t min = 1,
                       int64_t max = 65535);

// Errors: as FieldError() for a negative `value`, and for NaN.
absl::Status CheckEps(absl::string_view field, float value);

// Errors: as BottomError() for a bottom that is not (N, C, H, W); `what` is the
// bottom's name, for the message.
absl::Status CheckImageAxes(const Shape& bottom,
                            absl::string_view what = "a bottom");

// Errors: as BottomError() for a bottom without an axis 1.
absl::Status CheckHasChannels(const Shape& bottom);

// Errors: as BottomError() if `bottom`, which has `found` channels, has not the
// `expected` ones of the layer's set-up.
absl::Status CheckChannels(const Shape& bottom, int64_t found,
                           int64_t expected);

// The axis `axis` of `bottom`, counted from the end if negative. Errors: as
// FieldError().
absl::StatusOr<int> CanonicalAxis(const Shape& bottom, int64_t axis,
                                  absl::string_view field);

// As CanonicalAxis() for each of `axes`, in their order, which must all be
// different.
absl::StatusOr<std::vector<int>> CanonicalAxes(const Shape& bottom,
                                               absl::Span<const int> axes,
                                               absl::string_view field);

// The whole number that an index in a blob stands for; fractions are cut off,
// as in Caffe. Errors: as InputError() if it is not in [0, limit), or no
// number.
absl::StatusOr<int64_t> IndexOf(float value, int64_t limit);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_CHECKS_H_
