#include "engine/layers/roi_bins.h"

#include <algorithm>

namespace quantd {

void AddSample(float x, float weight, BinAxis* axis) {
  const int64_t left = static_cast<int64_t>(x);
  const float part = x - static_cast<float>(left);
  if (axis->weights.empty()) axis->first = left;
  const size_t index = left - axis->first;
  const size_t needed = index + (part > 0 ? 2 : 1);
  axis->weights.resize(std::max(axis->weights.size(), needed), 0.0f);
  axis->weights[index] += weight * (1 - part);
  if (part > 0) axis->weights[index + 1] += weight * part;
}

float WeightedSum(const float* plane, int64_t width, const BinAxis& rows,
                  const BinAxis& columns) {
  double sum = 0;
  for (size_t h = 0; h < rows.weights.size(); ++h) {
    const float* x = plane + (rows.first + h) * width + columns.first;
    double row = 0;
    for (size_t w = 0; w < columns.weights.size(); ++w) {
      row += columns.weights[w] * x[w];
    }
    sum += rows.weights[h] * row;
  }
  return static_cast<float>(sum);
}

void AddWeighted(float diff, int64_t width, const BinAxis& rows,
                 const BinAxis& columns, float* plane_diff) {
  for (size_t h = 0; h < rows.weights.size(); ++h) {
    float* dx = plane_diff + (rows.first + h) * width + columns.first;
    const float row = rows.weights[h] * diff;
    for (size_t w = 0; w < columns.weights.size(); ++w) {
      dx[w] += row * columns.weights[w];
    }
  }
}

}  // namespace quantd
