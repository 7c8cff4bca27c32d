#include "engine/integer/integer_convolution.h"

#include <algorithm>

namespace quantd {

IntegerConvolution::IntegerConvolution(const ConvGeometry& geometry,
                                       const IntegerRange& range,
                                       absl::Span<const int8_t> weights)
    : geometry_(geometry), range_(range) {
  const int64_t rows = geometry.channels_out / geometry.group;
  const int64_t columns =
      geometry.channels_in / geometry.group * ProductOf(geometry.kernel);
  const int8_t* from = weights.data();
  for (int64_t g = 0; g < geometry.group; ++g) {
    IntegerMatrix matrix(rows, columns);
    for (int64_t row = 0; row < rows; ++row, from += columns) {
      std::copy_n(from, columns, matrix.row(row));
      int64_t sum = 0;
      for (int64_t k = 0; k < columns; ++k) sum += from[k];
      zero_sums_.push_back(sum * range.offset);
    }
    weights_.push_back(std::move(matrix));
  }
}

void IntegerConvolution::Run(const int16_t* codes, int64_t num_images,
                             const WindowSizes& sizes, int64_t* sums) const {
  const int64_t pixels = ProductOf(sizes.output);
  const int64_t image = geometry_.channels_in * ProductOf(sizes.input);
  const int64_t blocks = (pixels + kPixels - 1) / kPixels;
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < num_images * blocks; ++i) {
    const int64_t n = i / blocks;
    RunBlock(codes + n * image, sizes, i % blocks * kPixels,
             sums + n * geometry_.channels_out * pixels);
  }
}

void IntegerConvolution::RunBlock(const int16_t* codes,
                                  const WindowSizes& sizes, int64_t first,
                                  int64_t* sums) const {
  const int64_t pixels = ProductOf(sizes.output);
  const int64_t count = std::min(kPixels, pixels - first);
  const int64_t input_size = ProductOf(sizes.input);
  const int64_t group_input =
      geometry_.channels_in / geometry_.group * input_size;
  const int64_t rows = weights_[0].num_rows;
  std::vector<int32_t> indices;
  WindowIndices(geometry_, sizes, first, count, &indices);
  IntegerMatrix windows(count, weights_[0].num_columns);
  std::vector<int64_t> block(count * rows);
  for (int64_t g = 0; g < geometry_.group; ++g) {
    Gather(codes + g * group_input, input_size, indices, count, &windows);
    IntegerGemm(windows, count, weights_[g], range_.num_bits, block.data());
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t channel = g * rows + row;
      int64_t* to = sums + channel * pixels + first;
      for (int64_t p = 0; p < count; ++p) {
        to[p] = block[p * rows + row] - zero_sums_[channel];
      }
    }
  }
}

void IntegerConvolution::Gather(const int16_t* codes, int64_t input_size,
                                const std::vector<int32_t>& indices,
                                int64_t num_pixels,
                                IntegerMatrix* windows) const {
  const auto zero = static_cast<int16_t>(range_.offset);
  const int64_t kernel = ProductOf(geometry_.kernel);
  const int64_t channels = geometry_.channels_in / geometry_.group;
  for (int64_t p = 0; p < num_pixels; ++p) {
    int16_t* to = windows->row(p);
    const int32_t* index = indices.data() + p * kernel;
    for (int64_t c = 0; c < channels; ++c) {
      const int16_t* from = codes + c * input_size;
      for (int64_t k = 0; k < kernel; ++k) {
        *to++ = index[k] < 0 ? zero : from[index[k]];
      }
    }
  }
}

}  // namespace quantd
