#include "proto/rpc/grpc_status.h"

#include <string>

#include "absl/status/status.h"
#include "base/error.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/google/rpc/error_details.pb.h"
#include "proto/google/rpc/status.pb.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

TEST(GrpcStatusTest, OkStaysOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_OK(FromGrpcStatus(grpc::Status::OK));
}

TEST(GrpcStatusTest, EveryCanonicalCodeSurvivesTheRoundTrip) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "text");
    EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(status)), status) << code;
  }
}

TEST(GrpcStatusTest, ReasonAndMetadataSurviveTheRoundTrip) {
  const absl::Status status =
      Error(absl::StatusCode::kNotFound, "JOB_NOT_FOUND", "no job \"j-1\"",
            {{"name", "j-1"}, {"empty", ""}});
  const absl::Status back = FromGrpcStatus(ToGrpcStatus(status));
  EXPECT_THAT(back, StatusIs(absl::StatusCode::kNotFound, "no job"));
  EXPECT_THAT(back, HasReason("JOB_NOT_FOUND"));
  EXPECT_THAT(GetErrorMetadata(back),
              ElementsAre(Pair("empty", ""), Pair("name", "j-1")));
}

TEST(GrpcStatusTest, DetailsHoldOneErrorInfoOfOurDomain) {
  const grpc::Status wire =
      ToGrpcStatus(Error(absl::StatusCode::kInvalidArgument, "X", "m"));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(wire.error_details()));
  EXPECT_EQ(details.code(), 3);
  EXPECT_EQ(details.message(), "m");
  ASSERT_THAT(details.details(), SizeIs(1));
  EXPECT_EQ(details.details(0).type_url(),
            "type.googleapis.com/google.rpc.ErrorInfo");
  google::rpc::ErrorInfo error_info;
  ASSERT_TRUE(details.details(0).UnpackTo(&error_info));
  EXPECT_EQ(error_info.domain(), "quantd");
}

TEST(GrpcStatusTest, RetryableErrorsCarryRetryInfo) {
  const grpc::Status wire =
      ToGrpcStatus(Error(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", ""));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(wire.error_details()));
  EXPECT_THAT(details.details(), SizeIs(2));
}

TEST(GrpcStatusTest, LargeErrorsAreCutBelowFourKibibytes) {
  ErrorMetadata metadata;
  for (int i = 0; i < 100; ++i) {
    metadata[std::to_string(i)] = std::string(10000, 'x');
  }
  const grpc::Status wire = ToGrpcStatus(Error(
      absl::StatusCode::kInternal, "BIG", std::string(1 << 20, 'y'), metadata));
  EXPECT_LT(wire.error_details().size(), 4096u + 256u);
  EXPECT_LT(wire.error_message().size(), 2100u);
  EXPECT_THAT(FromGrpcStatus(wire), HasReason("BIG"));
}

TEST(GrpcStatusTest, TextThatIsNotUtf8IsEscaped) {
  const grpc::Status wire = ToGrpcStatus(Error(
      absl::StatusCode::kInvalidArgument, "X", "a\xff", {{"token", "\xc3"}}));
  EXPECT_EQ(wire.error_message(), "a\\xff");
  EXPECT_THAT(GetErrorMetadata(FromGrpcStatus(wire)),
              ElementsAre(Pair("token", "\xEF\xBF\xBD")));
}

TEST(GrpcStatusTest, UnreadableDetailsAndCodesAreHarmless) {
  const absl::Status garbage = FromGrpcStatus(
      grpc::Status(grpc::StatusCode::INTERNAL, "m", "\x0a\xff\xff garbage"));
  EXPECT_THAT(garbage, StatusIs(absl::StatusCode::kInternal, "m"));
  EXPECT_THAT(garbage, HasReason(""));
  EXPECT_THAT(
      FromGrpcStatus(grpc::Status(static_cast<grpc::StatusCode>(99), "m")),
      StatusIs(absl::StatusCode::kUnknown, "m"));
}

}  // namespace
}  // namespace quantd
