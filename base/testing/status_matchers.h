// GoogleMock matchers for absl::Status and absl::StatusOr, and macros that
// read well in tests.
#ifndef QUANTD_BASE_TESTING_STATUS_MATCHERS_H_
#define QUANTD_BASE_TESTING_STATUS_MATCHERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::testing {

inline const absl::Status& GetStatus(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).ok();
}

// The status has this code, and its message contains `substring`.
MATCHER_P2(StatusIs, code, substring, "") {
  const absl::Status& status = GetStatus(arg);
  *result_listener << status.ToString();
  return status.code() == code &&
         std::string(status.message()).find(substring) != std::string::npos;
}

// The status has this reason (base/error.h).
MATCHER_P(HasReason, reason, "") {
  *result_listener << GetStatus(arg).ToString();
  return ErrorReason(GetStatus(arg)) == reason;
}

}  // namespace quantd::testing

#define ASSERT_OK(expr) ASSERT_THAT((expr), ::quantd::testing::IsOk())
#define EXPECT_OK(expr) EXPECT_THAT((expr), ::quantd::testing::IsOk())

// Like ASSIGN_OR_RETURN, but a failed test instead of a return.
#define ASSERT_OK_AND_ASSIGN(lhs, expr) \
  ASSERT_OK_AND_ASSIGN_IMPL_(QUANTD_CONCAT_(_status_or, __LINE__), lhs, expr)
#define ASSERT_OK_AND_ASSIGN_IMPL_(tmp, lhs, expr)  \
  auto tmp = (expr);                                \
  ASSERT_TRUE(tmp.ok()) << tmp.status().ToString(); \
  lhs = *std::move(tmp)

#endif  // QUANTD_BASE_TESTING_STATUS_MATCHERS_H_
