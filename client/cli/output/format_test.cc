#include "client/cli/output/format.h"

#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(FormatTest, Bytes) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(4200), "4.1 KiB");
  EXPECT_EQ(FormatBytes(int64_t{2} << 30), "2.0 GiB");
  EXPECT_EQ(FormatBytes(int64_t{1} << 62), "4194304.0 TiB");
}

TEST(FormatTest, Seconds) {
  EXPECT_EQ(FormatSeconds(0.416), "0.42 s");
  EXPECT_EQ(FormatSeconds(12.34), "12.3 s");
  EXPECT_EQ(FormatSeconds(187), "3:07");
  EXPECT_EQ(FormatSeconds(3723), "1:02:03");
  EXPECT_EQ(FormatSeconds(-1), "-");
}

TEST(FormatTest, Shares) {
  EXPECT_EQ(FormatShare(0.9465), "94.65 %");
  EXPECT_EQ(FormatShare(-1), "n/a");
}

TEST(FormatTest, FloatsRoundTripInFewDigits) {
  EXPECT_EQ(FormatFloat(0.1f), "0.1");
  EXPECT_EQ(std::stof(FormatFloat(0.012345678f)), 0.012345678f);
}

TEST(FormatTest, Times) {
  google::protobuf::Timestamp start, end, absent;
  start.set_seconds(1700000000);
  end.set_seconds(1700000001);
  end.set_nanos(500000000);
  EXPECT_EQ(FormatTime(start), "2023-11-14T22:13:20Z");
  EXPECT_EQ(FormatTime(absent), "-");
  EXPECT_DOUBLE_EQ(SecondsBetween(start, end), 1.5);
  EXPECT_LT(SecondsBetween(start, absent), 0);
}

TEST(FormatTest, StatesBothWays) {
  EXPECT_EQ(StateName(v1::JOB_STATE_SUCCEEDED), "SUCCEEDED");
  EXPECT_EQ(StateName(static_cast<v1::JobState>(99)), "99");
  EXPECT_EQ(ParseStateName("running"), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(ParseStateName("walking"), v1::JOB_STATE_UNSPECIFIED);
}

TEST(FormatTest, Kinds) {
  v1::JobSpec spec;
  EXPECT_EQ(KindName(spec), "-");
  spec.mutable_evaluate()->mutable_model()->mutable_prototxt()->set_file_name(
      "a");
  EXPECT_EQ(KindName(spec), "evaluate");
  EXPECT_EQ(ModelOf(spec).prototxt().file_name(), "a");
  spec.mutable_calibrate();
  EXPECT_EQ(KindName(spec), "calibrate");
  spec.mutable_train()->mutable_solver()->set_file_name("s");
  EXPECT_EQ(KindName(spec), "train");
  EXPECT_EQ(MainFileOf(spec), "s");
  spec.mutable_compare()->mutable_model()->mutable_prototxt()->set_file_name(
      "c");
  EXPECT_EQ(KindName(spec), "compare");
  EXPECT_EQ(MainFileOf(spec), "c");
  spec.mutable_compare()->set_dataset_id("ds");
  EXPECT_EQ(DatasetOf(spec), "ds");
  spec.mutable_convert()->mutable_model()->mutable_prototxt()->set_file_name(
      "b");
  EXPECT_EQ(KindName(spec), "convert");
  EXPECT_EQ(ModelOf(spec).prototxt().file_name(), "b");
  spec.mutable_verify()->mutable_deploy()->mutable_prototxt()->set_file_name(
      "d");
  spec.mutable_verify()->set_dataset_id("ds-2");
  EXPECT_EQ(KindName(spec), "verify");
  EXPECT_EQ(MainFileOf(spec), "d");
  EXPECT_EQ(DatasetOf(spec), "ds-2");
  spec.mutable_uninplace()->mutable_model()->mutable_prototxt()->set_file_name(
      "u");
  EXPECT_EQ(KindName(spec), "uninplace");
  EXPECT_EQ(MainFileOf(spec), "u");
}

}  // namespace
}  // namespace quantd
