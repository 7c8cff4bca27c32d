#include "server/jobs/job_spec.h"

#include <limits>
#include <string>

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd::jobs {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::SizeIs;

v1::BlobRef Ref(char digit) {
  v1::BlobRef ref;
  ref.set_sha256(std::string(64, digit));
  ref.set_size_bytes(1);
  return ref;
}

v1::JobSpec Calibrate() {
  v1::JobSpec spec;
  auto* calibrate = spec.mutable_calibrate();
  *calibrate->mutable_model()->mutable_prototxt() = Ref('a');
  *calibrate->mutable_model()->mutable_weights() = Ref('b');
  calibrate->set_dataset_id("ds-1");
  return spec;
}

TEST(JobSpecTest, MinimalSpecsAreAccepted) {
  EXPECT_OK(CheckSpec(Calibrate()));
  v1::JobSpec spec;
  *spec.mutable_evaluate()->mutable_model() = Calibrate().calibrate().model();
  spec.mutable_evaluate()->set_dataset_id("ds-1");
  EXPECT_OK(CheckSpec(spec));
}

TEST(JobSpecTest, EachMissingPartIsNamed) {
  EXPECT_THAT(CheckSpec(v1::JobSpec()), HasReason("FIELD_REQUIRED"));
  v1::JobSpec spec = Calibrate();
  spec.mutable_calibrate()->clear_model();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  spec = Calibrate();
  spec.mutable_calibrate()->mutable_model()->clear_weights();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  spec = Calibrate();
  spec.mutable_calibrate()->clear_dataset_id();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
}

TEST(JobSpecTest, ValuesOutOfRangeAreRefused) {
  v1::JobSpec spec = Calibrate();
  spec.mutable_calibrate()->set_batch_size(-1);
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
  spec = Calibrate();
  spec.mutable_calibrate()->mutable_transform()->set_scale(
      std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
  spec = Calibrate();
  spec.mutable_calibrate()->mutable_model()->mutable_weights()->set_sha256(
      std::string(64, 'A'));
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(JobSpecTest, BothSidesOfASizeAreNeeded) {
  v1::JobSpec spec = Calibrate();
  v1::Transform* transform = spec.mutable_calibrate()->mutable_transform();
  transform->set_resize_height(256);
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  transform->set_resize_width(320);
  EXPECT_OK(CheckSpec(spec));
  transform->set_resize_width(-1);
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(JobSpecTest, NamesCannotBecomePaths) {
  for (const char* name : {"../x", "a/b", ".hidden", "a b", "a\nb"}) {
    v1::JobSpec spec = Calibrate();
    spec.mutable_calibrate()->set_name(name);
    EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE")) << name;
  }
}

TEST(JobSpecTest, TwoMeansConflict) {
  v1::JobSpec spec = Calibrate();
  auto* transform = spec.mutable_calibrate()->mutable_transform();
  transform->add_mean_value(1);
  *transform->mutable_mean_file() = Ref('c');
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_CONFLICT"));
}

TEST(JobSpecTest, ReferencesAreListedOnce) {
  v1::JobSpec spec = Calibrate();
  *spec.mutable_calibrate()->mutable_config() = Ref('c');
  spec.mutable_calibrate()->set_eval_dataset_id("ds-1");
  EXPECT_THAT(ListBlobs(spec), SizeIs(3));
  EXPECT_THAT(ListDatasets(spec), ElementsAre("ds-1"));
  EXPECT_EQ(JobKind(spec), "calibrate");
  EXPECT_EQ(JobKind(v1::JobSpec()), "none");
}

TEST(JobSpecTest, DetectionNeedsTruthsAndDataToEvaluateOn) {
  v1::JobSpec spec = Calibrate();
  v1::CalibrateSpec* calibrate = spec.mutable_calibrate();
  calibrate->mutable_detection()->set_min_overlap(0.5f);
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  calibrate->set_eval_dataset_id("ds-1");
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  const size_t num_blobs = ListBlobs(Calibrate()).size();
  *calibrate->mutable_detection()->mutable_truths() = Ref('d');
  EXPECT_OK(CheckSpec(spec));
  EXPECT_THAT(ListBlobs(spec), SizeIs(num_blobs + 1));
}

TEST(JobSpecTest, TargetsAreKnownAndOnlyAscendShifts) {
  v1::JobSpec spec = Calibrate();
  spec.mutable_calibrate()->set_search_shift_bit(true);
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_CONFLICT"));
  spec.mutable_calibrate()->set_target(v1::TARGET_SS928);
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_CONFLICT"));
  spec.mutable_calibrate()->set_target(v1::TARGET_ASCEND);
  EXPECT_OK(CheckSpec(spec));
  spec.mutable_calibrate()->set_target(static_cast<v1::Target>(3));
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));

  v1::ConvertSpec* convert = spec.mutable_convert();
  *convert->mutable_model() = Calibrate().calibrate().model();
  *convert->mutable_record() = Ref('c');
  convert->set_target(v1::TARGET_ASCEND);
  EXPECT_OK(CheckSpec(spec));
  convert->set_target(static_cast<v1::Target>(-1));
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));

  v1::InspectSpec* inspect = spec.mutable_inspect();
  *inspect->mutable_model() = Calibrate().calibrate().model();
  inspect->set_target(v1::TARGET_SS928);
  EXPECT_OK(CheckSpec(spec));
  inspect->set_target(static_cast<v1::Target>(7));
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(JobSpecTest, VerifyNeedsTwoModelsAndData) {
  v1::JobSpec spec;
  v1::VerifySpec* verify = spec.mutable_verify();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  *verify->mutable_deploy() = Calibrate().calibrate().model();
  *verify->mutable_fake_quant()->mutable_prototxt() = Ref('c');
  *verify->mutable_fake_quant()->mutable_weights() = Ref('d');
  verify->set_dataset_id("ds-1");
  // Models of some targets have no record; the job knows.
  EXPECT_OK(CheckSpec(spec));
  EXPECT_THAT(ListBlobs(spec), SizeIs(4));
  *verify->mutable_quant_param_record() = Ref('e');
  EXPECT_OK(CheckSpec(spec));
  EXPECT_EQ(JobKind(spec), "verify");
  EXPECT_THAT(ListBlobs(spec), SizeIs(5));
  EXPECT_THAT(ListDatasets(spec), ElementsAre("ds-1"));
  verify->mutable_quant_param_record()->set_size_bytes(int64_t{1} << 30);
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
  *verify->mutable_quant_param_record() = Ref('e');
  verify->clear_fake_quant();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
}

TEST(JobSpecTest, CompareNeedsTwoModelsAndData) {
  v1::JobSpec spec;
  v1::CompareSpec* compare = spec.mutable_compare();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  *compare->mutable_model() = Calibrate().calibrate().model();
  compare->set_dataset_id("ds-1");
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  *compare->mutable_quantized()->mutable_prototxt() = Ref('c');
  *compare->mutable_quantized()->mutable_weights() = Ref('d');
  EXPECT_OK(CheckSpec(spec));
  EXPECT_EQ(JobKind(spec), "compare");
  EXPECT_THAT(ListBlobs(spec), SizeIs(4));
  EXPECT_THAT(ListDatasets(spec), ElementsAre("ds-1"));
  compare->set_name("../up");
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
  compare->clear_name();
  compare->set_max_records(-1);
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(JobSpecTest, ConvertNeedsModelAndRecord) {
  v1::JobSpec spec;
  v1::ConvertSpec* convert = spec.mutable_convert();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  *convert->mutable_model() = Calibrate().calibrate().model();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  *convert->mutable_record() = Ref('c');
  EXPECT_OK(CheckSpec(spec));
  EXPECT_EQ(JobKind(spec), "convert");
  EXPECT_THAT(ListBlobs(spec), SizeIs(3));
  EXPECT_THAT(ListDatasets(spec), SizeIs(0));
  convert->mutable_record()->set_size_bytes((64 << 20) + 1);
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
  *convert->mutable_record() = Ref('c');
  convert->set_name("a/b");
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(JobSpecTest, SaveTypesAreKnownOnes) {
  v1::JobSpec spec = Calibrate();
  spec.mutable_calibrate()->set_save(v1::SAVE_TYPE_DEPLOY);
  EXPECT_OK(CheckSpec(spec));
  spec.mutable_calibrate()->set_save(static_cast<v1::SaveType>(9));
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
}

TEST(JobSpecTest, TrainNamesEachMissingPart) {
  v1::JobSpec spec;
  v1::TrainSpec* train = spec.mutable_train();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  *train->mutable_solver() = Ref('a');
  EXPECT_OK(CheckSpec(spec));
  train->add_datasets()->set_source("train_lmdb");
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  train->mutable_datasets(0)->set_dataset_id("ds-1");
  EXPECT_OK(CheckSpec(spec));
  *train->add_files()->mutable_file() = Ref('c');
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  train->mutable_files(0)->set_path("mean.binaryproto");
  *train->mutable_solver_state() = Ref('e');
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
  *train->add_weights() = Ref('d');
  EXPECT_OK(CheckSpec(spec));
}

TEST(JobSpecTest, TrainListsWhatItNeeds) {
  v1::JobSpec spec;
  v1::TrainSpec* train = spec.mutable_train();
  *train->mutable_solver() = Ref('a');
  *train->mutable_net() = Ref('b');
  *train->add_test_nets() = Ref('c');
  *train->add_weights() = Ref('d');
  *train->mutable_solver_state() = Ref('e');
  *train->add_files()->mutable_file() = Ref('f');
  for (const char* id : {"ds-1", "ds-2", "ds-1"}) {
    train->add_datasets()->set_dataset_id(id);
  }
  EXPECT_EQ(JobKind(spec), "train");
  EXPECT_THAT(ListBlobs(spec), SizeIs(6));
  EXPECT_THAT(ListDatasets(spec), ElementsAre("ds-1", "ds-2"));
}

TEST(JobSpecTest, UninplaceNeedsThePrototxtOnly) {
  v1::JobSpec spec;
  v1::UninplaceSpec* uninplace = spec.mutable_uninplace();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  *uninplace->mutable_model()->mutable_prototxt() = Ref('a');
  EXPECT_OK(CheckSpec(spec));
  *uninplace->mutable_model()->mutable_weights() = Ref('X');
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
  *uninplace->mutable_model()->mutable_weights() = Ref('b');
  EXPECT_OK(CheckSpec(spec));
  EXPECT_EQ(JobKind(spec), "uninplace");
  EXPECT_THAT(ListBlobs(spec), SizeIs(2));
  EXPECT_THAT(ListDatasets(spec), SizeIs(0));
}

TEST(JobSpecTest, InspectNeedsThePrototxtOnly) {
  v1::JobSpec spec;
  v1::InspectSpec* inspect = spec.mutable_inspect();
  EXPECT_THAT(CheckSpec(spec), HasReason("FIELD_REQUIRED"));
  *inspect->mutable_model()->mutable_prototxt() = Ref('a');
  EXPECT_OK(CheckSpec(spec));
  EXPECT_THAT(ListBlobs(spec), SizeIs(1));
  *inspect->mutable_model()->mutable_weights() = Ref('X');
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
  *inspect->mutable_model()->mutable_weights() = Ref('b');
  *inspect->mutable_config() = Ref('X');
  EXPECT_THAT(CheckSpec(spec), HasReason("OPTION_OUT_OF_RANGE"));
  *inspect->mutable_config() = Ref('c');
  EXPECT_OK(CheckSpec(spec));
  EXPECT_EQ(JobKind(spec), "inspect");
  EXPECT_EQ(JobAlgorithm(spec), "none");
  EXPECT_THAT(ListBlobs(spec), SizeIs(3));
  EXPECT_THAT(ListDatasets(spec), SizeIs(0));
}

}  // namespace
}  // namespace quantd::jobs
