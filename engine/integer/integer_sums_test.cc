// The fast sums against the formulas, in 64-bit integers.
#include <cstdint>
#include <random>
#include <vector>

#include "engine/integer/integer_convolution.h"
#include "engine/integer/integer_deconvolution.h"
#include "engine/integer/integer_gemm.h"
#include "engine/integer/integer_inner_product.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

std::vector<int16_t> RandomCodes(int64_t count, int num_bits, int seed) {
  std::mt19937 random(seed);
  const int half = 1 << (num_bits - 1);
  std::uniform_int_distribution<int> value(-half, half - 1);
  std::vector<int16_t> codes(count);
  for (int16_t& code : codes) code = static_cast<int16_t>(value(random));
  return codes;
}

std::vector<int8_t> RandomWeights(int64_t count, int seed) {
  const std::vector<int16_t> codes = RandomCodes(count, 8, seed);
  return {codes.begin(), codes.end()};
}

IntegerMatrix Filled(int64_t rows, int64_t columns, int16_t value) {
  IntegerMatrix matrix(rows, columns);
  for (int64_t i = 0; i < rows; ++i) {
    std::fill_n(matrix.row(i), columns, value);
  }
  return matrix;
}

IntegerMatrix RandomMatrix(int64_t rows, int64_t columns, int num_bits,
                           int seed) {
  IntegerMatrix matrix(rows, columns);
  for (int64_t i = 0; i < rows; ++i) {
    const auto codes = RandomCodes(columns, num_bits, seed + i);
    std::copy(codes.begin(), codes.end(), matrix.row(i));
  }
  return matrix;
}

TEST(IntegerGemmTest, EqualsTheReference) {
  for (const int num_bits : {2, 8, 12, 16}) {
    for (const int64_t rows : {1, 2, 3, 5}) {
      for (const int64_t columns : {1, 4, 7}) {
        for (const int64_t terms : {1, 31, 32, 33, 500}) {
          const IntegerMatrix a = RandomMatrix(rows, terms, num_bits, 1);
          const IntegerMatrix b = RandomMatrix(columns, terms, 8, 100);
          std::vector<int64_t> found(rows * columns, -1);
          std::vector<int64_t> expected(rows * columns);
          IntegerGemm(a, rows, b, num_bits, found.data());
          IntegerGemmReference(a, rows, b, expected.data());
          EXPECT_EQ(found, expected) << num_bits << " bits, " << rows << "x"
                                     << terms << "x" << columns;
        }
      }
    }
  }
}

TEST(IntegerGemmTest, SumsBeyond32BitsAreExact) {
  for (const int num_bits : {8, 16}) {
    const int64_t half = int64_t{1} << (num_bits - 1);
    // Twice what 32 bits certainly hold.
    const int64_t terms = 2 * TermsOf32Bits(num_bits) + 1;
    const IntegerMatrix a = Filled(1, terms, static_cast<int16_t>(-half));
    const IntegerMatrix b = Filled(1, terms, -128);
    int64_t sum = 0;
    IntegerGemm(a, 1, b, num_bits, &sum);
    EXPECT_EQ(sum, terms * half * 128);
  }
}

// What one test of a convolution is about.
struct Window {
  ConvGeometry geometry;
  std::vector<int64_t> input;
};

std::vector<Window> Windows() {
  return {
      {{3, 5, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}}, {6, 7}},
      {{4, 6, 2, {3, 2}, {2, 3}, {1, 2}, {1, 2}}, {9, 11}},
      {{6, 6, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1}}, {12, 10}},
      {{2, 3, 1, {4}, {2}, {3}, {1}}, {15}},
      {{2, 2, 1, {2, 3, 2}, {1, 2, 1}, {1, 0, 1}, {1, 1, 2}}, {4, 5, 6}},
      {{5, 1, 1, {1, 1}, {1, 1}, {0, 0}, {1, 1}}, {1, 1}},
  };
}

WindowSizes SizesOf(const Window& window) {
  WindowSizes sizes;
  sizes.input = window.input;
  for (size_t axis = 0; axis < window.input.size(); ++axis) {
    sizes.output.push_back(
        window.geometry.OutputSize(static_cast<int>(axis), window.input[axis]));
  }
  return sizes;
}

// Calls visit(output pixel, kernel element, input pixel) for each pair that
// meets, by loops of its own over three axes.
template <typename Visit>
void ForEachMeeting(const Window& window, const WindowSizes& sizes,
                    Visit visit) {
  auto at = [](const std::vector<int64_t>& v, size_t axis, int64_t missing) {
    const size_t absent = 3 - v.size();
    return axis < absent ? missing : v[axis - absent];
  };
  const ConvGeometry& g = window.geometry;
  int64_t o[3], k[3];
  auto size = [&](const std::vector<int64_t>& v, int axis) {
    return at(v, axis, 1);
  };
  for (o[0] = 0; o[0] < size(sizes.output, 0); ++o[0]) {
    for (o[1] = 0; o[1] < size(sizes.output, 1); ++o[1]) {
      for (o[2] = 0; o[2] < size(sizes.output, 2); ++o[2]) {
        for (k[0] = 0; k[0] < size(g.kernel, 0); ++k[0]) {
          for (k[1] = 0; k[1] < size(g.kernel, 1); ++k[1]) {
            for (k[2] = 0; k[2] < size(g.kernel, 2); ++k[2]) {
              int64_t output = 0, element = 0, input = 0;
              bool inside = true;
              for (int a = 0; a < 3; ++a) {
                const int64_t i = o[a] * at(g.stride, a, 1) - at(g.pad, a, 0) +
                                  k[a] * at(g.dilation, a, 1);
                inside &= i >= 0 && i < size(sizes.input, a);
                output = output * size(sizes.output, a) + o[a];
                element = element * size(g.kernel, a) + k[a];
                input = input * size(sizes.input, a) + i;
              }
              if (inside) visit(output, element, input);
            }
          }
        }
      }
    }
  }
}

TEST(IntegerConvolutionTest, EqualsTheFormula) {
  constexpr int64_t kImages = 2;
  int seed = 0;
  for (const Window& window : Windows()) {
    for (const IntegerRange& range :
         std::vector<IntegerRange>{{8, 0}, {8, -128}, {8, 33}, {16, 1000}}) {
      const ConvGeometry& g = window.geometry;
      const WindowSizes sizes = SizesOf(window);
      const int64_t in = ProductOf(sizes.input);
      const int64_t out = ProductOf(sizes.output);
      const int64_t kernel = ProductOf(g.kernel);
      const int64_t group_in = g.channels_in / g.group;
      const int64_t group_out = g.channels_out / g.group;
      const auto codes =
          RandomCodes(kImages * g.channels_in * in, range.num_bits, ++seed);
      const auto weights =
          RandomWeights(g.channels_out * group_in * kernel, ++seed);
      std::vector<int64_t> expected(kImages * g.channels_out * out, 0);
      for (int64_t n = 0; n < kImages; ++n) {
        for (int64_t c = 0; c < g.channels_out; ++c) {
          for (int64_t i = 0; i < group_in; ++i) {
            const int64_t channel = c / group_out * group_in + i;
            ForEachMeeting(window, sizes, [&](int64_t o, int64_t k, int64_t p) {
              expected[(n * g.channels_out + c) * out + o] +=
                  (codes[(n * g.channels_in + channel) * in + p] -
                   range.offset) *
                  weights[(c * group_in + i) * kernel + k];
            });
          }
        }
      }
      std::vector<int64_t> found(expected.size(), -1);
      IntegerConvolution(g, range, weights)
          .Run(codes.data(), kImages, sizes, found.data());
      EXPECT_EQ(found, expected);
    }
  }
}

TEST(IntegerDeconvolutionTest, EqualsTheFormula) {
  constexpr int64_t kImages = 2;
  int seed = 500;
  for (const Window& window : Windows()) {
    for (const IntegerRange& range :
         std::vector<IntegerRange>{{8, 0}, {8, -128}, {8, 33}, {16, 1000}}) {
      const ConvGeometry& g = window.geometry;  // From the result.
      const WindowSizes sizes = SizesOf(window);
      const int64_t result = ProductOf(sizes.input);
      const int64_t in = ProductOf(sizes.output);
      const int64_t kernel = ProductOf(g.kernel);
      const int64_t group_in = g.channels_out / g.group;
      const int64_t group_out = g.channels_in / g.group;
      const auto codes =
          RandomCodes(kImages * g.channels_out * in, range.num_bits, ++seed);
      const auto weights =
          RandomWeights(g.channels_out * group_out * kernel, ++seed);
      std::vector<int64_t> expected(kImages * g.channels_in * result, 0);
      for (int64_t n = 0; n < kImages; ++n) {
        for (int64_t i = 0; i < g.channels_out; ++i) {
          for (int64_t c = 0; c < group_out; ++c) {
            const int64_t channel = i / group_in * group_out + c;
            ForEachMeeting(window, sizes, [&](int64_t o, int64_t k, int64_t p) {
              expected[(n * g.channels_in + channel) * result + p] +=
                  (codes[(n * g.channels_out + i) * in + o] - range.offset) *
                  weights[(i * group_out + c) * kernel + k];
            });
          }
        }
      }
      std::vector<int64_t> found(expected.size(), -1);
      IntegerDeconvolution(g, range, weights)
          .Run(codes.data(), kImages, sizes, found.data());
      EXPECT_EQ(found, expected);
    }
  }
}

TEST(IntegerInnerProductTest, EqualsTheFormula) {
  const int64_t items = 3, num_in = 70, num_out = 9;
  for (const bool transposed : {false, true}) {
    for (const IntegerRange& range :
         std::vector<IntegerRange>{{8, 0}, {8, -128}, {16, 1000}}) {
      const auto codes = RandomCodes(items * num_in, range.num_bits, 3);
      const auto weights = RandomWeights(num_in * num_out, 4);
      std::vector<int64_t> expected(items * num_out, 0);
      for (int64_t m = 0; m < items; ++m) {
        for (int64_t n = 0; n < num_out; ++n) {
          for (int64_t k = 0; k < num_in; ++k) {
            expected[m * num_out + n] +=
                (codes[m * num_in + k] - range.offset) *
                weights[transposed ? k * num_out + n : n * num_in + k];
          }
        }
      }
      std::vector<int64_t> found(expected.size(), -1);
      IntegerInnerProduct(num_in, num_out, transposed, range, weights)
          .Run(codes.data(), items, found.data());
      EXPECT_EQ(found, expected) << transposed;
    }
  }
}

}  // namespace
}  // namespace quantd
