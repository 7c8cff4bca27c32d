#include "engine/integer/integer_deconvolution.h"

#include <algorithm>

namespace quantd {

IntegerDeconvolution::IntegerDeconvolution(const ConvGeometry& convolution,
                                           const IntegerRange& range,
                                           absl::Span<const int8_t> weights)
    : convolution_(convolution), range_(range) {
  const int64_t inputs = convolution.channels_out / convolution.group;
  const int64_t rows = convolution.channels_in / convolution.group *
                       ProductOf(convolution.kernel);
  const int8_t* from = weights.data();
  for (int64_t g = 0; g < convolution.group; ++g) {
    IntegerMatrix matrix(rows, inputs);
    std::vector<int64_t> sums(rows, 0);
    for (int64_t i = 0; i < inputs; ++i, from += rows) {
      for (int64_t row = 0; row < rows; ++row) {
        matrix.row(row)[i] = from[row];
        sums[row] += from[row];
      }
    }
    for (const int64_t sum : sums) zero_sums_.push_back(sum * range.offset);
    weights_.push_back(std::move(matrix));
  }
}

void IntegerDeconvolution::Run(const int16_t* codes, int64_t num_images,
                               const WindowSizes& sizes, int64_t* sums) const {
  const int64_t groups = convolution_.group;
  const int64_t inputs =
      convolution_.channels_out / groups * ProductOf(sizes.output);
  const int64_t outputs =
      convolution_.channels_in / groups * ProductOf(sizes.input);
  std::fill_n(sums, num_images * groups * outputs, 0);
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < num_images * groups; ++i) {
    const int64_t g = i % groups;
    RunGroup(codes + i * inputs, weights_[g],
             zero_sums_.data() + g * weights_[g].num_rows, sizes,
             sums + i * outputs);
  }
}

void IntegerDeconvolution::RunGroup(const int16_t* codes,
                                    const IntegerMatrix& weights,
                                    const int64_t* zero_sums,
                                    const WindowSizes& sizes,
                                    int64_t* sums) const {
  constexpr int64_t kPixels = IntegerConvolution::kPixels;
  const int64_t pixels = ProductOf(sizes.output);
  const int64_t result_size = ProductOf(sizes.input);
  const int64_t kernel = ProductOf(convolution_.kernel);
  IntegerMatrix inputs(std::min(kPixels, pixels), weights.num_columns);
  std::vector<int64_t> products(inputs.num_rows * weights.num_rows);
  std::vector<int32_t> indices;
  for (int64_t first = 0; first < pixels; first += kPixels) {
    const int64_t count = std::min(kPixels, pixels - first);
    for (int64_t p = 0; p < count; ++p) {
      for (int64_t c = 0; c < weights.num_columns; ++c) {
        inputs.row(p)[c] = codes[c * pixels + first + p];
      }
    }
    IntegerGemm(inputs, count, weights, range_.num_bits, products.data());
    WindowIndices(convolution_, sizes, first, count, &indices);
    for (int64_t p = 0; p < count; ++p) {
      const int64_t* product = products.data() + p * weights.num_rows;
      for (int64_t row = 0; row < weights.num_rows; ++row) {
        const int32_t index = indices[p * kernel + row % kernel];
        if (index < 0) continue;
        sums[row / kernel * result_size + index] +=
            product[row] - zero_sums[row];
      }
    }
  }
}

}  // namespace quantd
