// Encodes small images for tests.
#ifndef QUANTD_ENGINE_DATA_TESTING_TEST_IMAGES_H_
#define QUANTD_ENGINE_DATA_TESTING_TEST_IMAGES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace quantd::testing {

// A PNG of 8-bit samples (row, column, channel); channels is 1 (grey), 3 (R, G,
// B) or 4 (R, G, B, A).
std::string EncodePng(int width, int height, int channels,
                      const std::vector<uint8_t>& samples);

// A grey PNG with 16 bits a sample.
std::string EncodePng16(int width, int height,
                        const std::vector<uint16_t>& samples);

// A JPEG of best quality without chroma subsampling; channels is 1 or 3 (R, G,
// B).
std::string EncodeJpeg(int width, int height, int channels,
                       const std::vector<uint8_t>& samples);

}  // namespace quantd::testing

#endif  // QUANTD_ENGINE_DATA_TESTING_TEST_IMAGES_H_
