#include "client/cli/error_output.h"

#include <sstream>

#include "base/error.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

std::string Print(const absl::Status& status, bool json = false) {
  std::ostringstream err;
  ErrorOutputOptions options;
  options.json = json;
  options.address = "host:1";
  PrintError(status, options, &err);
  return err.str();
}

const absl::Status kBadLayer =
    Error(absl::StatusCode::kInvalidArgument, "LAYER_NOT_FOUND",
          "config.json names layer \"conv9\", which the model does not have; "
          "remove it or correct the name",
          {{"layer", "conv9"}, {"file", "config.json"}, {"field", "skip"}});

TEST(ErrorOutputTest, WhatPlaceAndAdvice) {
  EXPECT_EQ(Print(kBadLayer),
            "error: config.json names layer \"conv9\", which the model does "
            "not have: field skip\n"
            "remove it or correct the name\n");
}

TEST(ErrorOutputTest, UsualAdviceWhereTheMessageHasNone) {
  EXPECT_EQ(Print(absl::UnavailableError("connection refused")),
            "error: connection refused\n"
            "is quantd running at host:1? start it, give --address, or use "
            "--local\n");
  EXPECT_EQ(Print(Error(absl::StatusCode::kNotFound, "JOB_NOT_FOUND",
                        "job a is not there")),
            "error: job a is not there\n"
            "`quantctl job list` shows the jobs of this server\n");
  EXPECT_EQ(Print(absl::InternalError("")),
            "error: INTERNAL\nthe server's log says more; report it if it "
            "happens again\n");
}

TEST(ErrorOutputTest, JsonIsOneObject) {
  EXPECT_EQ(Print(kBadLayer, true),
            "{\"code\":\"INVALID_ARGUMENT\",\"reason\":\"LAYER_NOT_FOUND\","
            "\"message\":\"config.json names layer \\\"conv9\\\", which the "
            "model does not have; remove it or correct the name\",\"details\":"
            "{\"field\":\"skip\",\"file\":\"config.json\",\"layer\":\"conv9\"}"
            "}\n");
  EXPECT_EQ(Print(absl::InternalError("\xff"), true),
            "{\"code\":\"INTERNAL\",\"reason\":\"\",\"message\":\"\xef\xbf\xbd"
            "\",\"details\":{}}\n");
}

}  // namespace
}  // namespace quantd
