#include "engine/data/resize_image.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace quantd {
namespace {

constexpr float kOne = 2048;  // Weights have 11 bits.

// How one output position mixes two input positions.
struct Tap {
  int64_t first = 0;
  int64_t second = 0;
  int weight_first = 0;
  int weight_second = 0;
};

// Input pixels per output pixel; computed as OpenCV does, by way of the
// inverse.
double ScaleOf(int64_t from, int64_t to) {
  return 1.0 / (static_cast<double>(to) / static_cast<double>(from));
}

int ToWeight(float weight) {
  return static_cast<int>(std::nearbyint(weight * kOne));
}

// The taps of `to` positions over `from`. At the borders, columns take one
// pixel with the full weight; rows keep both weights on the same row, which
// rounds differently.
std::vector<Tap> MakeTaps(int64_t from, int64_t to, bool is_row) {
  const double scale = ScaleOf(from, to);
  std::vector<Tap> taps(to);
  for (int64_t i = 0; i < to; ++i) {
    float place = static_cast<float>((i + 0.5) * scale - 0.5);
    int64_t first = static_cast<int64_t>(std::floor(place));
    place -= static_cast<float>(first);
    if (!is_row && (first < 0 || first >= from - 1)) {
      place = 0;
      first = std::clamp<int64_t>(first, 0, from - 1);
    }
    taps[i].first = std::clamp<int64_t>(first, 0, from - 1);
    taps[i].second = std::clamp<int64_t>(first + 1, 0, from - 1);
    taps[i].weight_first = ToWeight(1.0f - place);
    taps[i].weight_second = ToWeight(place);
  }
  return taps;
}

void ResizeRow(const uint8_t* from, const std::vector<Tap>& columns, int* to) {
  for (size_t x = 0; x < columns.size(); ++x) {
    const Tap& tap = columns[x];
    to[x] = from[tap.first] * tap.weight_first +
            from[tap.second] * tap.weight_second;
  }
}

void ResizePlane(const uint8_t* from, int64_t from_width,
                 const std::vector<Tap>& rows, const std::vector<Tap>& columns,
                 uint8_t* to) {
  // The two rows in use, by number; consecutive outputs share them.
  std::vector<int> first(columns.size());
  std::vector<int> second(columns.size());
  int64_t in_first = -1;
  int64_t in_second = -1;
  for (const Tap& tap : rows) {
    if (tap.first == in_second) {
      std::swap(first, second);
      std::swap(in_first, in_second);
    }
    if (tap.first != in_first) {
      ResizeRow(from + tap.first * from_width, columns, first.data());
      in_first = tap.first;
    }
    if (tap.second != in_second) {
      ResizeRow(from + tap.second * from_width, columns, second.data());
      in_second = tap.second;
    }
    for (size_t x = 0; x < columns.size(); ++x) {
      *to++ = static_cast<uint8_t>(
          (((tap.weight_first * (first[x] >> 4)) >> 16) +
           ((tap.weight_second * (second[x] >> 4)) >> 16) + 2) >>
          2);
    }
  }
}

bool IsHalf(int64_t from, int64_t to) {
  return std::abs(ScaleOf(from, to) - 2) <
         std::numeric_limits<double>::epsilon();
}

void HalvePlane(const uint8_t* from, int64_t height, int64_t width,
                uint8_t* to) {
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* upper = from + 2 * y * 2 * width;
    const uint8_t* lower = upper + 2 * width;
    for (int64_t x = 0; x < width; ++x) {
      *to++ = static_cast<uint8_t>((upper[2 * x] + upper[2 * x + 1] +
                                    lower[2 * x] + lower[2 * x + 1] + 2) >>
                                   2);
    }
  }
}

}  // namespace

void ResizeBilinear(int64_t height, int64_t width, Image* image) {
  if (height == image->height && width == image->width) return;
  const int64_t from_plane = image->height * image->width;
  const int64_t to_plane = height * width;
  std::vector<uint8_t> result(image->channels * to_plane);
  const bool halve =
      IsHalf(image->height, height) && IsHalf(image->width, width);
  const std::vector<Tap> rows = MakeTaps(image->height, height, true);
  const std::vector<Tap> columns = MakeTaps(image->width, width, false);
  for (int64_t c = 0; c < image->channels; ++c) {
    const uint8_t* from = image->bytes.data() + c * from_plane;
    uint8_t* to = result.data() + c * to_plane;
    if (halve) {
      HalvePlane(from, height, width, to);
    } else {
      ResizePlane(from, image->width, rows, columns, to);
    }
  }
  image->height = height;
  image->width = width;
  image->bytes = std::move(result);
}

}  // namespace quantd
