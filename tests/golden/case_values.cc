#include "tests/golden/case_values.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/golden/npy.h"

namespace quantd {
namespace {

std::string Dims(const std::vector<int64_t>& dims) {
  const absl::StatusOr<Shape> shape = Shape::Create(dims);
  return shape.ok() ? shape->ToString() : "an impossible shape";
}

}  // namespace

bool IsClose(double actual, double expected, const Tolerance& tolerance) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (actual == expected) return true;  // Also infinities.
  return std::abs(actual - expected) <=
         tolerance.atol + tolerance.rtol * std::abs(expected);
}

absl::Status CompareValues(const std::string& what,
                           absl::Span<const float> actual,
                           const std::vector<double>& expected,
                           const Tolerance& tolerance) {
  if (actual.size() != expected.size()) {
    return absl::InternalError(absl::StrCat(
        what, ": ", actual.size(), " values, expected ", expected.size()));
  }
  int64_t num_wrong = 0;
  std::string first;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (IsClose(actual[i], expected[i], tolerance)) continue;
    if (num_wrong++ == 0) {
      first = absl::StrCat("element ", i, " is ", actual[i], ", expected ",
                           expected[i]);
    }
  }
  if (num_wrong == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(what, ": ", num_wrong, " of ",
                                          expected.size(), " differ; ", first));
}

absl::Status CompareWithFile(const std::string& what, const Tensor& actual,
                             const std::string& file,
                             const Tolerance& tolerance) {
  ASSIGN_OR_RETURN(const NpyArray array, ReadNpy(file));
  if (actual.shape().dims() != array.shape) {
    return absl::InternalError(absl::StrCat(what, ": shape ",
                                            actual.shape().ToString(),
                                            ", expected ", Dims(array.shape)));
  }
  ASSIGN_OR_RETURN(const std::vector<double> expected, array.Values<double>());
  return CompareValues(what, actual.values(), expected, tolerance);
}

absl::Status FillFromFile(const std::string& file, Tensor* tensor) {
  ASSIGN_OR_RETURN(const NpyArray array, ReadNpy(file));
  ASSIGN_OR_RETURN(const std::vector<float> values, array.Values<float>());
  ASSIGN_OR_RETURN(const Shape shape, Shape::Create(array.shape));
  RETURN_IF_ERROR(tensor->Resize(shape));
  std::copy(values.begin(), values.end(), tensor->data());
  return absl::OkStatus();
}

}  // namespace quantd
