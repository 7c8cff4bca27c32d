#include "tests/bench/opencv_net.h"

#include <exception>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "opencv2/core/version.hpp"
#include "opencv2/dnn.hpp"

namespace quantd::testing {
namespace {

template <typename Body>
absl::Status CatchOpenCv(const Body& body) {
  try {
    body();
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("OpenCV: ", error.what()));
  }
}

class RealOpenCvNet : public OpenCvNet {
 public:
  absl::Status Read(caffe::NetParameter net) {
    const std::string weights = net.SerializeAsString();
    for (auto& layer : *net.mutable_layer()) layer.clear_blobs();
    std::string text;
    google::protobuf::TextFormat::PrintToString(net, &text);
    return CatchOpenCv([&] {
      net_ = cv::dnn::readNetFromCaffe(text.data(), text.size(), weights.data(),
                                       weights.size());
      net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
      net_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    });
  }

  absl::Status SetInput(const std::string& name,
                        const Tensor& values) override {
    const std::vector<int> dims(values.shape().dims().begin(),
                                values.shape().dims().end());
    return CatchOpenCv([&] {
      const cv::Mat blob(dims, CV_32F, const_cast<float*>(values.data()));
      net_.setInput(blob.clone(), name);
      input_ = blob.clone();
      name_ = name;
    });
  }

  absl::Status Forward(const std::vector<std::string>& outputs) override {
    return CatchOpenCv([&] {
      net_.setInput(input_, name_);  // Otherwise nothing is computed again.
      net_.forward(outputs_,
                   std::vector<cv::String>(outputs.begin(), outputs.end()));
    });
  }

  std::vector<float> Output(int index) const override {
    const cv::Mat& mat = outputs_[index];
    const float* data = mat.ptr<float>();
    return std::vector<float>(data, data + mat.total());
  }

 private:
  cv::dnn::Net net_;
  cv::Mat input_;
  std::string name_;
  std::vector<cv::Mat> outputs_;
};

}  // namespace

std::string OpenCvNet::Version() { return CV_VERSION; }

void OpenCvNet::SetNumThreads(int num_threads) {
  cv::setNumThreads(num_threads);
}

absl::StatusOr<std::unique_ptr<OpenCvNet>> OpenCvNet::Create(
    const caffe::NetParameter& net) {
  auto result = std::make_unique<RealOpenCvNet>();
  const absl::Status status = result->Read(net);
  if (!status.ok()) return status;
  return result;
}

}  // namespace quantd::testing
