// Our searches on the very vectors that AMCT's IFMR layers saw give the records
// that those layers wrote.
#include <cstdlib>
#include <map>
#include <regex>
#include <string>
#include <tuple>

#include "absl/strings/numbers.h"
#include "base/testing/status_matchers.h"
#include "engine/quant/ifmr.h"
#include "engine/quant/ifmr_observer.h"
#include "tests/golden/npy.h"

namespace quantd {
namespace {

struct RecordedFactors {
  float scale = 0;
  int offset = 0;
};

// scale_d and offset_d by layer.
std::map<std::string, RecordedFactors> ParseRecord(const std::string& text) {
  static const std::regex kEntry(
      "key: \"([^\"]+)\"\\s+value \\{\\s+scale_d: (\\S+)\\s+offset_d: (\\S+)");
  std::map<std::string, RecordedFactors> record;
  for (std::sregex_iterator it(text.begin(), text.end(), kEntry), end;
       it != end; ++it) {
    RecordedFactors& factors = record[(*it)[1]];
    EXPECT_TRUE(absl::SimpleAtof((*it)[2].str(), &factors.scale));
    EXPECT_TRUE(absl::SimpleAtoi((*it)[3].str(), &factors.offset));
  }
  return record;
}

struct Variant {
  const char* file;
  bool with_offset;
  float start, end, step;
  float percentile;
};

constexpr Variant kVariants[] = {
    {"record.txt", true, 0.7f, 1.3f, 0.01f, 0.999999f},
    {"record_sym.txt", false, 0.7f, 1.3f, 0.01f, 0.999999f},
    {"record_p0.999.txt", true, 0.3f, 1.7f, 0.01f, 0.999f},
    {"record_p1.txt", true, 0.8f, 1.2f, 0.02f, 1.0f},
};

TEST(AmctRecordsTest, SearchesOnLenetVectorsGiveTheRecords) {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "QUANTD_TEST_DATA is not set";
  const std::string dir = std::string(data) + "/golden/amct_records/lenet/";
  ASSERT_OK_AND_ASSIGN(auto activations, ReadNpz(dir + "acts.npz"));
  for (const Variant& variant : kVariants) {
    ASSERT_OK_AND_ASSIGN(std::string text, ReadFileBytes(dir + variant.file));
    const auto record = ParseRecord(text);
    EXPECT_EQ(record.size(), 4u);
    for (const auto& [layer, factors] : record) {
      SCOPED_TRACE(std::string(variant.file) + " " + layer);
      ASSERT_EQ(activations.count(layer), 1u);
      ASSERT_OK_AND_ASSIGN(std::vector<float> values,
                           activations[layer].Values<float>());
      IfmrParams params;
      params.with_offset = variant.with_offset;
      params.search_range_start = variant.start;
      params.search_range_end = variant.end;
      params.search_step = variant.step;
      params.max_percentile = params.min_percentile = variant.percentile;

      ASSERT_OK_AND_ASSIGN(IfmrResult exact, IfmrSearch(values, params));
      EXPECT_EQ(exact.scale, factors.scale);
      EXPECT_EQ(exact.offset, factors.offset);

      ASSERT_OK_AND_ASSIGN(
          IfmrObserver observer,
          IfmrObserver::Create(params, static_cast<int64_t>(values.size())));
      ASSERT_OK(observer.Add(values));
      ASSERT_OK_AND_ASSIGN(IfmrResult streamed, observer.Finish());
      EXPECT_EQ(streamed.scale, factors.scale)
          << "candidate " << streamed.best_index << " for " << exact.best_index;
      EXPECT_EQ(streamed.offset, factors.offset);
    }
  }
}

}  // namespace
}  // namespace quantd
