#include "engine/layers/testing/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

class GradientChecker {
 public:
  GradientChecker(LayerTester* tester, const GradientCheck& check)
      : tester_(*tester), check_(check) {}

  void Run() {
    ASSERT_OK(tester_.Backward());
    ChooseTopDiffs();
    ASSERT_OK(tester_.Backward(top_diffs_));
    // Copied first: the estimates run the net again.
    std::map<std::string, std::vector<float>> input_diffs;
    for (const std::string& input : Inputs()) {
      input_diffs[input] = tester_.InputDiff(input);
    }
    std::vector<std::vector<float>> blob_diffs;
    for (size_t i = 0; check_.check_blobs && i < NumBlobs(); ++i) {
      blob_diffs.push_back(tester_.BlobDiff(static_cast<int>(i)));
    }
    for (const auto& [input, diff] : input_diffs) CheckInput(input, diff);
    for (size_t i = 0; i < blob_diffs.size(); ++i) CheckBlob(i, blob_diffs[i]);
  }

 private:
  size_t NumBlobs() { return tester_.layer().blobs().size(); }

  std::vector<std::string> Inputs() {
    if (!check_.inputs.empty()) return check_.inputs;
    std::vector<std::string> result;
    const Layer& layer = tester_.layer();
    for (const auto& [name, value] : tester_.inputs()) {
      for (int i = 0; i < tester_.param().bottom_size(); ++i) {
        if (tester_.param().bottom(i) != name) continue;
        if (!layer.IsDifferentiable(i)) continue;
        result.push_back(name);
        break;
      }
    }
    return result;
  }

  // A loss has its weight as gradient, and its other tops have none.
  void ChooseTopDiffs() {
    const caffe::LayerParameter& param = tester_.param();
    bool is_loss = false;
    for (int i = 0; i < param.top_size(); ++i) {
      const float weight = param.loss_weight_size() > 0
                               ? param.loss_weight(i)
                               : tester_.layer().DefaultLossWeight(i);
      const size_t count = tester_.Output(param.top(i)).size();
      top_diffs_[param.top(i)].assign(count, weight);
      is_loss |= weight != 0;
    }
    if (is_loss) return;
    uint32_t seed = 1000;
    for (auto& [top, diff] : top_diffs_) {
      diff = Noise(static_cast<int64_t>(diff.size()), ++seed);
    }
  }

  double Objective() {
    const absl::Status status = tester_.Forward();
    EXPECT_OK(status);
    if (!status.ok()) return 0;
    double sum = 0;
    for (const auto& [top, diff] : top_diffs_) {
      const std::vector<float> values = tester_.Output(top);
      for (size_t i = 0; i < diff.size(); ++i) {
        sum += static_cast<double>(diff[i]) * values[i];
      }
    }
    return sum;
  }

  // d(objective) / d(x), where `set` changes x.
  double Estimate(float x, const std::function<void(float)>& set) {
    const float above = static_cast<float>(x + check_.step);
    const float below = static_cast<float>(x - check_.step);
    set(above);
    const double up = Objective();
    set(below);
    const double down = Objective();
    set(x);
    return (up - down) / (static_cast<double>(above) - below);
  }

  void ExpectClose(float computed, double estimated, const std::string& where,
                   size_t index) {
    const double scale = std::max(
        {std::abs(static_cast<double>(computed)), std::abs(estimated), 1.0});
    EXPECT_NEAR(computed, estimated, check_.tolerance * scale)
        << "gradient of " << where << ", element " << index;
  }

  void CheckInput(const std::string& name, const std::vector<float>& diff) {
    const LayerTester::InputValue original = tester_.inputs().at(name);
    std::vector<float> values = original.values;
    ASSERT_EQ(diff.size(), values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::abs(values[i] - check_.kink) <= check_.kink_range) continue;
      const double estimated = Estimate(values[i], [&](float value) {
        values[i] = value;
        tester_.Input(name, original.shape, values);
      });
      ExpectClose(diff[i], estimated, name, i);
    }
  }

  void CheckBlob(size_t index, const std::vector<float>& diff) {
    Layer& layer = tester_.layer();
    const std::string name = absl::StrCat("blob ", index);
    for (size_t i = 0; i < diff.size(); ++i) {
      const float value = layer.blobs()[index].values()[i];
      const double estimated = Estimate(value, [&](float changed) {
        layer.blobs()[index].data()[i] = changed;
        layer.BlobsChanged();
      });
      ExpectClose(diff[i], estimated, name, i);
    }
  }

  LayerTester& tester_;
  const GradientCheck check_;
  std::map<std::string, std::vector<float>> top_diffs_;
};

}  // namespace

void ExpectGradients(LayerTester& tester, const GradientCheck& check) {
  GradientChecker(&tester, check).Run();
}

}  // namespace quantd::testing
