// What is no LMDB, or a damaged one: an error or records, never a crash.
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/lmdb/lmdb_file.h"
#include "base/lmdb/testing/lmdb_by_liblmdb.h"
#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

constexpr char kReason[] = "DATASET_CORRUPT";
constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
// MDB_REVERSEKEY, MDB_DUPSORT, MDB_INTEGERKEY.
constexpr unsigned int kReverseKey = 0x02;
constexpr unsigned int kDupSort = 0x04;
constexpr unsigned int kIntegerKey = 0x08;

// Reads all records, every byte of them.
absl::Status ReadPath(const std::string& path) {
  ASSIGN_OR_RETURN(auto file, LmdbFile::Open(path, kReason));
  LmdbRecord record;
  size_t num_bytes = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, file->Next(&record));
    if (!found) break;
    num_bytes += std::string(record.key).size();
    num_bytes += std::string(record.value).size();
  }
  EXPECT_TRUE(num_bytes > 0 || file->num_records() == 0);
  return absl::OkStatus();
}

absl::Status Read(const std::string& bytes) {
  return ReadPath(WriteTestFile(bytes));
}

// Small values share pages; large ones have pages of their own.
std::string ManyRecords() {
  Records records;
  for (int i = 0; i < 500; ++i) {
    records.emplace_back(absl::StrCat("key", 1000 + i),
                         std::string(i % 3 == 0 ? 9000 : 10 + i, 'a' + i % 26));
  }
  return LmdbBytes(records);
}

template <typename T>
T Load(const std::string& bytes, size_t offset) {
  T value;
  std::memcpy(&value, &bytes[offset], sizeof(value));
  return value;
}

template <typename T>
void Store(T value, size_t offset, std::string* bytes) {
  std::memcpy(&(*bytes)[offset], &value, sizeof(value));
}

// Writes into both meta pages, whichever counts.
template <typename T>
std::string WithMeta(std::string bytes, size_t offset, T value) {
  Store(value, offset, &bytes);
  Store(value, 4096 + offset, &bytes);
  return bytes;
}

// Byte offset of the root page of `bytes`.
size_t RootOf(const std::string& bytes) {
  const bool second =
      Load<uint64_t>(bytes, 4096 + 144) > Load<uint64_t>(bytes, 144);
  return Load<uint64_t>(bytes, (second ? 4096 : 0) + 128) * 4096;
}

TEST(LmdbDamageTest, SaysWhatAnotherFileIs) {
  const std::string good = ManyRecords();
  ASSERT_OK(Read(good));
  EXPECT_THAT(Read(""), HasReason(kReason));
  EXPECT_THAT(Read("version https://git-lfs"), StatusIs(kFailed, "too short"));
  EXPECT_THAT(Read(std::string(20000, 'x')), StatusIs(kFailed, "not an LMDB"));
  EXPECT_THAT(Read(WithMeta<uint32_t>(good, 20, 2)),
              StatusIs(kFailed, "data version 2"));
  EXPECT_THAT(Read(WithMeta<uint32_t>(good, 20, 999)),
              StatusIs(kFailed, "data version 999"));
  EXPECT_THAT(Read(WithMeta<uint32_t>(good, 16, 0xDEC0EFBE)),
              StatusIs(kFailed, "big-endian"));
  EXPECT_THAT(Read(good.substr(4)), StatusIs(kFailed, "32-bit"));
  EXPECT_THAT(Read(WithMeta<uint32_t>(good, 40, 4095)),
              StatusIs(kFailed, "page size 4095"));
  EXPECT_THAT(Read(WithMeta<uint16_t>(good, 10, 0)),
              StatusIs(kFailed, "meta page"));
  EXPECT_THAT(ReadPath("/nonexistent/data.mdb"),
              StatusIs(kFailed, "/nonexistent/data.mdb"));
  EXPECT_THAT(ReadPath("/dev/zero"), StatusIs(kFailed, "not a plain file"));
}

TEST(LmdbDamageTest, RefusesWhatIsNotOneListOfRecords) {
  EXPECT_THAT(Read(LmdbBytes({{{"a", "1"}}}, {kDupSort})),
              StatusIs(kFailed, "duplicate keys"));
  EXPECT_THAT(Read(LmdbBytes({{{"a", "1"}}}, {kReverseKey})),
              StatusIs(kFailed, "key order"));
  EXPECT_THAT(
      Read(LmdbBytes({{{std::string("\1\0\0\0", 4), "1"}}}, {kIntegerKey})),
      StatusIs(kFailed, "key order"));
  EXPECT_THAT(Read(LmdbBytes({{{"a", "1"}}}, {0, "train"})),
              StatusIs(kFailed, "sub-database"));
}

TEST(LmdbDamageTest, RefusesMetaPagesThatLie) {
  const std::string good = ManyRecords();
  for (const uint16_t depth : {0, 1, 5, 33, 65535}) {
    EXPECT_THAT(Read(WithMeta<uint16_t>(good, 94, depth)), HasReason(kReason));
  }
  for (const uint64_t root : {uint64_t{0}, uint64_t{1}, uint64_t{3000000},
                              ~uint64_t{0}, ~uint64_t{1}}) {
    EXPECT_THAT(Read(WithMeta<uint64_t>(good, 128, root)), HasReason(kReason));
  }
  EXPECT_THAT(Read(WithMeta<uint64_t>(good, 120, 499)),
              StatusIs(kFailed, "more than 499"));
  EXPECT_THAT(Read(WithMeta<uint64_t>(good, 120, 501)),
              StatusIs(kFailed, "only 500"));
  EXPECT_THAT(Read(WithMeta<uint64_t>(good, 120, ~uint64_t{0})),
              StatusIs(kFailed, "cannot hold"));
  EXPECT_THAT(Read(WithMeta<uint64_t>(good, 136, 5)),
              StatusIs(kFailed, "does not exist"));
  // Pages that are said to be there are not: the file is looked through.
  EXPECT_OK(Read(WithMeta<uint64_t>(good, 136, ~uint64_t{0})));
}

TEST(LmdbDamageTest, RefusesACycle) {
  std::string bytes = ManyRecords();
  const size_t root = RootOf(bytes);
  const size_t node = root + Load<uint16_t>(bytes, root + 16);
  Store<uint32_t>(static_cast<uint32_t>(root / 4096), node, &bytes);
  EXPECT_THAT(Read(bytes), HasReason(kReason));
}

// Two children of the root are one page: its records would come twice.
TEST(LmdbDamageTest, RefusesSharedPages) {
  std::string bytes = ManyRecords();
  const size_t root = RootOf(bytes);
  const size_t first = root + Load<uint16_t>(bytes, root + 16);
  const size_t second = root + Load<uint16_t>(bytes, root + 18);
  Store<uint32_t>(Load<uint32_t>(bytes, first), second, &bytes);
  EXPECT_THAT(Read(bytes), StatusIs(kFailed, "not in order"));
}

TEST(LmdbDamageTest, RefusesAValueThatIsLargerThanTheFile) {
  std::string bytes = LmdbBytes(Records{{"00000000", std::string(6000, 'v')}});
  const size_t root = RootOf(bytes);
  const size_t node = root + Load<uint16_t>(bytes, root + 16);
  ASSERT_EQ(Load<uint32_t>(bytes, node), 6000u);
  Store<uint32_t>(uint32_t{1} << 28, node, &bytes);
  EXPECT_THAT(Read(bytes), StatusIs(kFailed, "does not exist"));
  Store<uint32_t>(~uint32_t{0}, node, &bytes);
  EXPECT_THAT(Read(bytes), StatusIs(kFailed, "4294967295 bytes"));
  // One page more than the value has.
  Store<uint32_t>(9000, node, &bytes);
  EXPECT_THAT(Read(bytes), HasReason(kReason));
}

// Wherever the file ends: an error, or all records (the file may end in pages
// that nothing refers to).
TEST(LmdbDamageTest, SurvivesTruncation) {
  const std::string whole = ManyRecords();
  int num_refused = 0;
  for (size_t size = 1; size < whole.size(); size += 40961) {
    if (!Read(whole.substr(0, size)).ok()) ++num_refused;
  }
  EXPECT_GT(num_refused, 10);
  for (size_t cut = 4096; cut < 40 * 4096; cut += 4096) {
    Read(whole.substr(0, whole.size() - cut)).IgnoreError();
  }
  // A short file is refused when it is opened, not in the middle.
  EXPECT_THAT(
      LmdbFile::Open(WriteTestFile(whole.substr(0, whole.size() / 2)), kReason),
      StatusIs(kFailed, "cut short"));
}

// A mapping would end in SIGBUS.
TEST(LmdbDamageTest, SurvivesAFileThatShrinksMeanwhile) {
  const std::string path = WriteTestFile(ManyRecords());
  ASSERT_OK_AND_ASSIGN(auto file, LmdbFile::Open(path, kReason));
  LmdbRecord record;
  ASSERT_OK(file->Next(&record));
  ASSERT_EQ(truncate(path.c_str(), 3 * 4096), 0);
  absl::Status status;
  while (status.ok()) status = file->Next(&record).status();
  EXPECT_THAT(status, StatusIs(kFailed, "cut short"));
}

// Damages the tree at many places: reading ends in an error or in records.
TEST(LmdbDamageTest, SurvivesDamagedPages) {
  const std::string whole = ManyRecords();
  int num_refused = 0;
  uint32_t state = 1;
  for (int i = 0; i < 400; ++i) {
    std::string damaged = whole;
    for (int j = 0; j < 40; ++j) {
      state = state * 1664525u + 1013904223u;
      // Mostly page headers and the offsets behind them.
      const size_t page = (state >> 8) % (whole.size() / 4096);
      const size_t place = page * 4096 + (state >> 24) % 64;
      damaged[place] = static_cast<char>(state >> 16);
    }
    if (!Read(damaged).ok()) ++num_refused;
  }
  EXPECT_GT(num_refused, 100);
}

// Every bit of a small tree.
TEST(LmdbDamageTest, SurvivesEveryFlippedBit) {
  const std::string whole = LmdbBytesOfPages(
      512, {{"a", "1"}, {"b", std::string(700, 'v')}, {"c", "333"}});
  const std::string path = WriteTestFile(whole);
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    const char flipped = static_cast<char>(whole[bit / 8] ^ (1 << bit % 8));
    FILE* file = fopen(path.c_str(), "r+b");
    fseek(file, bit / 8, SEEK_SET);
    fputc(flipped, file);
    fflush(file);
    ReadPath(path).IgnoreError();
    fseek(file, bit / 8, SEEK_SET);
    fputc(whole[bit / 8], file);
    fclose(file);
  }
  EXPECT_OK(ReadPath(path));
}

}  // namespace
}  // namespace quantd::testing
