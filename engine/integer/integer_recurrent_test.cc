// Products beside the formula in 64-bit integers.
#include "engine/integer/integer_recurrent.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd::testing {
namespace {

using Items = RecurrentProduct::Items;

constexpr int64_t kDim = 3;
constexpr int64_t kInputs = 5;
constexpr int64_t kStatic = 2;

// An RNN with a static input: W_x, b, W_s, W_h, W_o, b_o.
class IntegerRecurrentTest : public ::testing::TestWithParam<int> {
 protected:
  IntegerRecurrentTest() {
    layer_.set_name("r");
    layer_.set_type("RNN");
    for (const char* bottom : {"x", "cont", "s"}) layer_.add_bottom(bottom);
    AddBlob({kDim, kInputs}, false);
    AddBlob({kDim}, true);
    AddBlob({kDim, kStatic}, false);
    AddBlob({kDim, kDim}, false);
    AddBlob({kDim, kDim}, false);
    AddBlob({kDim}, true);
    const int bits = GetParam();
    factors_.inputs = {FakeQuantParams{0.37f, -40, bits},
                       {},
                       FakeQuantParams{0.021f, 77, bits}};
    factors_.scale_w = {0.013f, 0.5f, 0.0071f, 1.3f};
  }

  int Draw(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random_);
  }

  void AddBlob(const std::vector<int64_t>& dims, bool is_bias) {
    caffe::BlobProto* blob = layer_.add_blobs();
    shapes_.push_back(Shape::Create(dims).value());
    int64_t size = 1;
    for (const int64_t dim : dims) {
      blob->mutable_shape()->add_dim(dim);
      size *= dim;
    }
    for (int64_t i = 0; i < size; ++i) {
      if (is_bias) {
        blob->add_int32_data(Draw(-1000000, 1000000));
      } else {
        blob->mutable_int8_data()->push_back(
            static_cast<char>(Draw(-128, 127)));
      }
    }
  }

  // The factors of what `product` multiplies, of scale_w and of the input.
  FakeQuantParams InputOf(const RecurrentProduct& product) const {
    return *factors_.inputs[product.items == Items::kStatic ? 2 : 0];
  }
  float StepOf(int weights) const {
    return factors_.scale_w[weights < 2 ? 0 : weights - 1];
  }

  // Expects the product of `num_items` random items behind what is in sums().
  void ExpectProduct(const RecurrentProduct& product, int64_t num_items,
                     IntegerRecurrentProducts* products) {
    const FakeQuantParams input = InputOf(product);
    const int64_t depth = shapes_[product.weights].Count(1);
    const int64_t stride = product.num_rows + 2;
    std::vector<float> items(num_items * depth);
    for (float& value : items) {
      value = static_cast<float>(Draw(-90, 90)) * input.scale * 0.49f;
    }
    std::vector<float> out(num_items * stride, 0.75f);
    const size_t first = products->sums().size();
    ASSERT_OK(products->Multiply(product, items.data(), num_items, out.data(),
                                 stride));
    ASSERT_EQ(products->sums().size(), first + num_items * product.num_rows);
    const int64_t half = int64_t{1} << (input.num_bits - 1);
    for (int64_t m = 0; m < num_items; ++m) {
      for (int64_t n = 0; n < product.num_rows; ++n) {
        const int64_t row = product.first_row + n;
        int64_t sum = 0;
        for (int64_t k = 0; k < depth; ++k) {
          const auto rounded = static_cast<int64_t>(
              std::round(items[m * depth + k] / input.scale));
          const int64_t q = std::clamp(rounded + input.offset, -half, half - 1);
          sum +=
              (q - input.offset) *
              static_cast<signed char>(
                  layer_.blobs(product.weights).int8_data()[row * depth + k]);
        }
        float expected = 0;
        if (product.bias >= 0) {
          const int bias = layer_.blobs(product.bias).int32_data(row);
          if (product.weights == 0) {
            sum += bias;
          } else {
            expected = static_cast<float>(bias) * (0.37f * StepOf(0));
          }
        }
        expected +=
            static_cast<float>(sum) * (input.scale * StepOf(product.weights));
        if (product.accumulates) expected += 0.75f;
        EXPECT_EQ(products->sums()[first + m * product.num_rows + n], sum);
        EXPECT_EQ(out[m * stride + n], expected);
      }
      EXPECT_EQ(out[m * stride + product.num_rows], 0.75f);
    }
  }

  caffe::LayerParameter layer_;
  DeployFactors factors_;
  std::vector<Shape> shapes_;
  std::mt19937 random_{1};
};

TEST_P(IntegerRecurrentTest, ProductsAreExact) {
  auto products = IntegerRecurrentProducts::Create(layer_, factors_);
  ASSERT_OK(products.status());
  ASSERT_OK((*products)->CheckShapes(shapes_));
  for (int pass = 0; pass < 2; ++pass) {
    (*products)->BeginPass();
    ExpectProduct({Items::kX, 0, 1, 0, kDim}, 4, products->get());
    ExpectProduct({Items::kStatic, 2, -1, 0, kDim}, 2, products->get());
    RecurrentProduct state = {Items::kState, 3, -1, 0, 2};
    state.accumulates = true;
    ExpectProduct(state, 2, products->get());
    state.first_row = 2;
    state.num_rows = 1;
    ExpectProduct(state, 2, products->get());
    ExpectProduct({Items::kState, 4, 5, 0, kDim}, 4, products->get());
    ExpectProduct({Items::kState, 4, 5, 0, kDim}, 0, products->get());
  }
  EXPECT_EQ((*products)->x()->codes().size(), 4u * kInputs);
  EXPECT_EQ((*products)->static_input()->codes().size(), 2u * kStatic);
  EXPECT_EQ((*products)->states()->codes().size(), (2u + 2 + 4) * kDim);
  std::vector<double> steps;
  int64_t end = 0;
  (*products)->ForEachStretch([&](int64_t first, int64_t count, int channel) {
    EXPECT_EQ(first, end);
    end = first + count;
    steps.push_back((*products)->StepOf(channel));
  });
  EXPECT_EQ(end, static_cast<int64_t>((*products)->sums().size()));
  EXPECT_EQ(steps.size(), 5u);
  EXPECT_DOUBLE_EQ(steps[1], double{0.021f} * double{0.5f});
}

TEST_P(IntegerRecurrentTest, OtherShapesAreErrors) {
  auto products = IntegerRecurrentProducts::Create(layer_, factors_);
  ASSERT_OK(products.status());
  std::vector<Shape> shapes = shapes_;
  shapes[3] = Shape({kDim, kDim + 1});
  EXPECT_THAT((*products)->CheckShapes(shapes),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
  shapes = shapes_;
  shapes.pop_back();
  EXPECT_THAT((*products)->CheckShapes(shapes),
              HasReason("MODEL_WEIGHTS_MISMATCH"));
}

INSTANTIATE_TEST_SUITE_P(Bits, IntegerRecurrentTest, ::testing::Values(8, 16));

}  // namespace
}  // namespace quantd::testing
