#include "base/error.h"

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;

TEST(ErrorTest, CarriesReasonAndMetadata) {
  const absl::Status status =
      Error(absl::StatusCode::kInvalidArgument, "LAYER_NOT_FOUND", "no layer",
            {{"layer", "conv9"}});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "no layer"));
  EXPECT_THAT(status, HasReason("LAYER_NOT_FOUND"));
  EXPECT_EQ(GetErrorMetadata(status).at("layer"), "conv9");
}

TEST(ErrorTest, AnnotateKeepsCodeReasonAndFirstMetadata) {
  const absl::Status status =
      Annotate(Error(absl::StatusCode::kNotFound, "R", "m", {{"a", "1"}}),
               "file x: ", {{"a", "2"}, {"b", "3"}});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, "file x: m"));
  EXPECT_THAT(status, HasReason("R"));
  EXPECT_EQ(GetErrorMetadata(status), (ErrorMetadata{{"a", "1"}, {"b", "3"}}));
}

TEST(ErrorTest, PlainStatusHasNoReason) {
  EXPECT_EQ(ErrorReason(absl::InternalError("x")), "");
  EXPECT_TRUE(GetErrorMetadata(absl::InternalError("x")).empty());
  EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok());
}

TEST(ErrorTest, InvalidUtf8InMetadataDoesNotThrow) {
  const absl::Status status =
      Error(absl::StatusCode::kInternal, "R", "m", {{"a", "\xff"}});
  EXPECT_EQ(GetErrorMetadata(status).count("a"), 1u);
}

}  // namespace
}  // namespace quantd
