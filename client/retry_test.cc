#include "client/retry.h"

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using testing::StatusIs;

TEST(RetryTest, DelaysDoubleUpToASecond) {
  EXPECT_GE(RetryDelay(1), absl::Milliseconds(80));
  EXPECT_LE(RetryDelay(1), absl::Milliseconds(120));
  EXPECT_GE(RetryDelay(3), absl::Milliseconds(320));
  EXPECT_LE(RetryDelay(3), absl::Milliseconds(480));
  EXPECT_LE(RetryDelay(40), absl::Milliseconds(1200));
}

TEST(RetryTest, UnavailableIsRetriedThreeTimes) {
  int calls = 0;
  EXPECT_THAT(RetryIdempotent(nullptr,
                              [&] {
                                ++calls;
                                return absl::UnavailableError("down");
                              }),
              StatusIs(absl::StatusCode::kUnavailable, "down"));
  EXPECT_EQ(calls, 4);
}

TEST(RetryTest, SuccessEndsIt) {
  int calls = 0;
  EXPECT_OK(RetryIdempotent(nullptr, [&]() -> absl::Status {
    return ++calls < 3 ? absl::UnavailableError("down") : absl::OkStatus();
  }));
  EXPECT_EQ(calls, 3);
}

TEST(RetryTest, NothingElseIsRetried) {
  for (absl::StatusCode code :
       {absl::StatusCode::kInternal, absl::StatusCode::kAborted,
        absl::StatusCode::kUnknown, absl::StatusCode::kResourceExhausted,
        absl::StatusCode::kDeadlineExceeded}) {
    int calls = 0;
    EXPECT_THAT(RetryIdempotent(nullptr,
                                [&] {
                                  ++calls;
                                  return absl::Status(code, "no");
                                }),
                StatusIs(code, "no"));
    EXPECT_EQ(calls, 1);
  }
}

TEST(RetryTest, CancelledTokenEndsTheWait) {
  CancelToken token;
  token.Cancel();
  int calls = 0;
  EXPECT_FALSE(RetryIdempotent(&token, [&] {
                 ++calls;
                 return absl::UnavailableError("down");
               }).ok());
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace quantd
