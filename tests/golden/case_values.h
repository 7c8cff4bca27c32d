// A case's arrays: given to blobs, compared with blobs.
#ifndef QUANTD_TESTS_GOLDEN_CASE_VALUES_H_
#define QUANTD_TESTS_GOLDEN_CASE_VALUES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/tensor.h"

namespace quantd {

// A value passes when |a - b| <= atol + rtol * |b|, b the expected one; NaN and
// infinities must be equal.
struct Tolerance {
  double rtol = 0;
  double atol = 0;
};

bool IsClose(double actual, double expected, const Tolerance& tolerance);

// `what` is for the message. Errors: INTERNAL with how many values differ, and
// the first of them.
absl::Status CompareValues(const std::string& what,
                           absl::Span<const float> actual,
                           const std::vector<double>& expected,
                           const Tolerance& tolerance);

// Compares shape and values with the array in `file`. Errors: those of
// ReadNpy() and CompareValues().
absl::Status CompareWithFile(const std::string& what, const Tensor& actual,
                             const std::string& file,
                             const Tolerance& tolerance);

// Gives `tensor` the shape and values of the array in `file`. Errors: those of
// ReadNpy() and Tensor::Resize().
absl::Status FillFromFile(const std::string& file, Tensor* tensor);

}  // namespace quantd

#endif  // QUANTD_TESTS_GOLDEN_CASE_VALUES_H_
