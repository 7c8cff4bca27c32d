#include "engine/data/lmdb_source.h"

#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_lmdb.h"

namespace quantd::testing {
namespace {

using Code = absl::StatusCode;

TEST(LmdbSourceTest, GivesDatumsInACycle) {
  ASSERT_OK_AND_ASSIGN(const auto source,
                       LmdbSource::Open(WriteLmdb({MakeDatum(1, 1, 1, "a", 7),
                                                   MakeDatum(1, 1, 1, "b", 8)}),
                                        ColorMode::kAsStored));
  EXPECT_EQ(source->num_images(), 2);
  DecodedDatum datum;
  for (const int label : {7, 8, 7}) {
    ASSERT_OK(source->Next(&datum));
    EXPECT_EQ(datum.label, label);
  }
  EXPECT_OK(source->AtLast(absl::OkStatus()));
}

TEST(LmdbSourceTest, NamesABrokenRecordByItsPrintableKey) {
  const std::string directory =
      WriteLmdb(Records{{std::string("a\0\xff\"\n", 5), "no datum"}});
  ASSERT_OK_AND_ASSIGN(const auto source,
                       LmdbSource::Open(directory, ColorMode::kAsStored));
  DecodedDatum datum;
  const absl::Status status = source->Next(&datum);
  EXPECT_THAT(status, HasReason("DATASET_CORRUPT"));
  EXPECT_THAT(status, StatusIs(Code::kFailedPrecondition, directory));
  EXPECT_EQ(GetErrorMetadata(status)["key"], R"(a\x00\xff\"\n)");
}

TEST(LmdbSourceTest, CutsLongKeysOff) {
  EXPECT_EQ(PrintableKey("00000001_cat.jpg"), "00000001_cat.jpg");
  EXPECT_EQ(PrintableKey(std::string(500, 'k')),
            std::string(100, 'k') + "... (500 bytes)");
}

}  // namespace
}  // namespace quantd::testing
