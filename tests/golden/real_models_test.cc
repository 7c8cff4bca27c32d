// Accuracy of real networks: ours in float against BVLC Caffe's, and INT8
// against float. Needs QUANTD_TEST_DATA.

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "tests/testing/engine_job.h"

namespace quantd::testing {
namespace {

struct RealModel {
  const char* name;
  const char* prototxt;  // This and the next are relative to models/.
  const char* weights;
  const char* calibration;  // Relative to data/.
  const char* evaluation;
  v1::Transform transform;
  bool has_transform;
  double caffe_top1;
  double float_tolerance;
  double int8_loss;  // At most.
};

v1::Transform Scaled(float scale) {
  v1::Transform transform;
  transform.set_scale(scale);
  return transform;
}

v1::Transform SqueezeNetTransform() {
  v1::Transform transform;
  transform.set_crop_size(227);
  for (const float mean : {104.0f, 117.0f, 123.0f}) {
    transform.add_mean_value(mean);
  }
  return transform;
}

std::string DataDirectory() {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  return data == nullptr ? "" : data;
}

v1::Transform CifarMean() {
  v1::Transform transform;
  *transform.mutable_mean_file() = FileBlob(
      DataDirectory() + "/models/cifar10_quick/cifar10_mean.binaryproto");
  return transform;
}

class RealModelTest : public ::testing::TestWithParam<RealModel> {};

TEST_P(RealModelTest, FloatEqualsCaffeAndInt8LosesLittle) {
  const std::string data = DataDirectory();
  if (data.empty()) GTEST_SKIP() << "QUANTD_TEST_DATA is not set";
  const RealModel& model = GetParam();
  v1::JobSpec spec;
  v1::CalibrateSpec* calibrate = spec.mutable_calibrate();
  *calibrate->mutable_model()->mutable_prototxt() =
      FileBlob(absl::StrCat(data, "/models/", model.prototxt));
  *calibrate->mutable_model()->mutable_weights() =
      FileBlob(absl::StrCat(data, "/models/", model.weights));
  calibrate->set_dataset_id(absl::StrCat(data, "/data/", model.calibration));
  calibrate->set_eval_dataset_id(
      absl::StrCat(data, "/data/", model.evaluation));
  if (model.has_transform) *calibrate->mutable_transform() = model.transform;
  calibrate->set_batch_size(16);
  calibrate->set_batch_num(4);
  ASSERT_OK_AND_ASSIGN(const JobOutput output, RunOnFiles(spec));
  const v1::Accuracy& fp32 = output.result.float_accuracy();
  const v1::Accuracy& int8 = output.result.quantized_accuracy();
  printf("%s: float top-1 %.4f top-5 %.4f, int8 top-1 %.4f top-5 %.4f\n",
         model.name, fp32.top1(), fp32.top5(), int8.top1(), int8.top5());
  EXPECT_NEAR(fp32.top1(), model.caffe_top1, model.float_tolerance);
  EXPECT_GE(int8.top1(), fp32.top1() - model.int8_loss);
}

INSTANTIATE_TEST_SUITE_P(
    All, RealModelTest,
    ::testing::Values(
        RealModel{"lenet_mnist", "lenet_mnist/lenet_deploy.prototxt",
                  "lenet_mnist/lenet_mnist.caffemodel", "mnist_train_lmdb",
                  "mnist_test_lmdb", Scaled(0.00390625f), true, 0.9938, 0.0005,
                  0.005},
        RealModel{"cifar10_quick", "cifar10_quick/cifar10_quick.prototxt",
                  "cifar10_quick/cifar10_quick_iter_5000.caffemodel",
                  "cifar10_train_lmdb", "cifar10_test_lmdb", CifarMean(), true,
                  0.7366, 0.0005, 0.005},
        RealModel{"cifar_resnet20", "cifar_resnet20/test.prototxt",
                  "cifar_resnet20/resnet20.caffemodel", "cifar10_train_lmdb",
                  "cifar10_test_lmdb", v1::Transform(), false, 0.8120, 0.0005,
                  0.005},
        RealModel{"squeezenet_v1_0", "squeezenet_v1.0/deploy.prototxt",
                  "squeezenet_v1.0/squeezenet_v1.0_dc.caffemodel",
                  "imagenet_calibration_lmdb", "imagenet_eval_lmdb",
                  SqueezeNetTransform(), true, 0.6311, 0.005, 0.010}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace quantd::testing
