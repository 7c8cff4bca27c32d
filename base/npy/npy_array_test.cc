#include "base/npy/npy_array.h"

#include <limits>
#include <utility>

#include "base/npy/testing/make_npy.h"
#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"

namespace quantd {
namespace {

using ::quantd::testing::BytesOf;
using ::quantd::testing::FloatNpy;
using ::quantd::testing::HasReason;
using ::quantd::testing::NpyFile;
using ::quantd::testing::NpyHeaderText;
using ::quantd::testing::ZipFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Rows = std::vector<std::vector<float>>;

class MemoryFile : public ReadFile {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}
  absl::StatusOr<std::string> ReadAt(int64_t offset,
                                     int64_t num_bytes) const override {
    largest_ = std::max(largest_, num_bytes);
    if (offset >= static_cast<int64_t>(bytes_.size())) return std::string();
    return bytes_.substr(offset, num_bytes);
  }
  int64_t largest_read() const { return largest_; }

 private:
  const std::string bytes_;
  mutable int64_t largest_ = 0;
};

absl::StatusOr<NpyArray> Open(const std::string& bytes) {
  return OpenNpy(std::make_shared<MemoryFile>(bytes), bytes.size());
}

absl::StatusOr<std::vector<NpyArray>> OpenZip(const std::string& bytes) {
  return OpenNpz(std::make_shared<MemoryFile>(bytes), bytes.size());
}

Rows ReadRows(const NpyArray& array, int64_t first = 0) {
  Rows result;
  auto rows = NpyRows::Start(array, first);
  EXPECT_OK(rows.status());
  for (int64_t row = first; rows.ok() && row < array.num_rows(); ++row) {
    const auto values = (*rows)->Next();
    EXPECT_OK(values.status());
    if (!values.ok()) break;
    result.push_back(ToFloats(array.header, *values));
  }
  return result;
}

template <typename T>
std::vector<float> OneRow(const std::string& descr,
                          const std::vector<T>& values) {
  const auto array = Open(NpyFile(
      NpyHeaderText(descr, "(1, " + std::to_string(values.size()) + ")"),
      BytesOf(values)));
  EXPECT_OK(array.status());
  return array.ok() ? ReadRows(*array).at(0) : std::vector<float>();
}

TEST(NpyArrayTest, RowsAreThoseOfTheFirstAxis) {
  ASSERT_OK_AND_ASSIGN(const NpyArray array,
                       Open(FloatNpy("(3, 1, 2)", {0, 1, 10, 11, 20, 21})));
  EXPECT_EQ(array.num_rows(), 3);
  EXPECT_THAT(array.row_shape(), ElementsAre(1, 2));
  EXPECT_THAT(
      ReadRows(array),
      ElementsAre(ElementsAre(0, 1), ElementsAre(10, 11), ElementsAre(20, 21)));
  EXPECT_THAT(ReadRows(array, 2), ElementsAre(ElementsAre(20, 21)));
}

TEST(NpyArrayTest, AllVersionsAndSpellingsOfTheHeader) {
  const std::string values = BytesOf<float>({5, 6});
  for (const int version : {1, 2, 3}) {
    const auto array =
        Open(NpyFile(NpyHeaderText("<f4", "(2,)"), values, version));
    ASSERT_OK(array.status());
    EXPECT_THAT(ReadRows(*array), ElementsAre(ElementsAre(5), ElementsAre(6)));
  }
  for (const char* text :
       {"{'shape':(2L,),'fortran_order':False,'descr':'<f4'}",
        "{\"descr\": \"<f4\", \"shape\": (2, ), \"fortran_order\": False}\n"}) {
    const auto array = Open(NpyFile(text, values));
    ASSERT_OK(array.status());
    EXPECT_THAT(ReadRows(*array), ElementsAre(ElementsAre(5), ElementsAre(6)));
  }
}

TEST(NpyArrayTest, AllTypesBecomeFloats) {
  EXPECT_THAT(OneRow<uint8_t>("|b1", {0, 1}), ElementsAre(0, 1));
  EXPECT_THAT(OneRow<int8_t>("|i1", {-128, 127}), ElementsAre(-128, 127));
  EXPECT_THAT(OneRow<uint8_t>("|u1", {0, 255}), ElementsAre(0, 255));
  EXPECT_THAT(OneRow<int16_t>("<i2", {-300, 300}), ElementsAre(-300, 300));
  EXPECT_THAT(OneRow<uint16_t>("<u2", {65535}), ElementsAre(65535));
  EXPECT_THAT(OneRow<int32_t>("<i4", {-70000}), ElementsAre(-70000));
  EXPECT_THAT(OneRow<uint32_t>("<u4", {4000000000u}), ElementsAre(4e9f));
  EXPECT_THAT(OneRow<int64_t>("<i8", {-5, int64_t{1} << 40}),
              ElementsAre(-5, 0x1p40f));
  EXPECT_THAT(OneRow<uint64_t>("<u8", {uint64_t{1} << 63}),
              ElementsAre(0x1p63f));
  // 1, -2, the smallest, infinity.
  EXPECT_THAT(
      OneRow<uint16_t>("<f2", {0x3c00, 0xc000, 0x0001, 0x7c00}),
      ElementsAre(1, -2, 0x1p-24f, std::numeric_limits<float>::infinity()));
  EXPECT_THAT(OneRow<float>("<f4", {0.1f}), ElementsAre(0.1f));
  EXPECT_THAT(OneRow<double>("<f8", {0.1, -3}), ElementsAre(0.1f, -3));
}

TEST(NpyArrayTest, BigEndianValues) {
  const std::string two = {0x40, 0, 0, 0};
  ASSERT_OK_AND_ASSIGN(const NpyArray floats,
                       Open(NpyFile(NpyHeaderText(">f4", "(1,)"), two)));
  EXPECT_THAT(ReadRows(floats), ElementsAre(ElementsAre(2)));
  const std::string five = {0, 0, 0, 5};
  ASSERT_OK_AND_ASSIGN(const NpyArray ints,
                       Open(NpyFile(NpyHeaderText(">i4", "(1,)"), five)));
  EXPECT_THAT(ReadRows(ints), ElementsAre(ElementsAre(5)));
}

// Element [r, i, j] of a 3x2x4 array is 100 r + 10 i + j.
std::string FortranArray() {
  std::vector<int16_t> values;
  for (int j = 0; j < 4; ++j) {
    for (int i = 0; i < 2; ++i) {
      for (int r = 0; r < 3; ++r) values.push_back(100 * r + 10 * i + j);
    }
  }
  return NpyFile(NpyHeaderText("<i2", "(3, 2, 4)", true), BytesOf(values));
}

TEST(NpyArrayTest, FortranOrder) {
  const auto row = [](float r) {
    return ElementsAre(r, r + 1, r + 2, r + 3, r + 10, r + 11, r + 12, r + 13);
  };
  ASSERT_OK_AND_ASSIGN(const NpyArray array, Open(FortranArray()));
  EXPECT_THAT(ReadRows(array), ElementsAre(row(0), row(100), row(200)));
  EXPECT_THAT(ReadRows(array, 1), ElementsAre(row(100), row(200)));
  ASSERT_OK_AND_ASSIGN(const auto packed,
                       OpenZip(ZipFile({{"a.npy", FortranArray()}}, true)));
  EXPECT_THAT(ReadRows(packed[0], 1), ElementsAre(row(100), row(200)));
}

// Blocks of 16 MiB: rows of 4 MiB, five of them.
TEST(NpyArrayTest, FortranOrderInSeveralBlocks) {
  constexpr int64_t kRows = 5, kWidth = int64_t{4} << 20;
  std::string values(kRows * kWidth, '\0');
  for (int64_t i = 0; i < kWidth; ++i) {
    for (int64_t r = 0; r < kRows; ++r) {
      values[i * kRows + r] = static_cast<char>((r * 50 + i) % 251);
    }
  }
  ASSERT_OK_AND_ASSIGN(
      const NpyArray array,
      Open(NpyFile(NpyHeaderText("|u1", "(5, 4194304)", true), values)));
  ASSERT_OK_AND_ASSIGN(const auto rows, NpyRows::Start(array, 0));
  for (int64_t r = 0; r < kRows; ++r) {
    ASSERT_OK_AND_ASSIGN(const absl::string_view row, rows->Next());
    ASSERT_EQ(row.size(), kWidth);
    for (const int64_t i : {int64_t{0}, int64_t{7}, kWidth - 1}) {
      EXPECT_EQ(static_cast<uint8_t>(row[i]), (r * 50 + i) % 251) << r;
    }
  }
}

TEST(NpyArrayTest, ReadsNoMoreThanARow) {
  const std::string bytes = FloatNpy("(1000, 2)", std::vector<float>(2000));
  const auto file = std::make_shared<MemoryFile>(bytes);
  ASSERT_OK_AND_ASSIGN(const NpyArray array, OpenNpy(file, bytes.size()));
  EXPECT_EQ(ReadRows(array).size(), 1000u);
  EXPECT_LT(file->largest_read(), 128);
}

TEST(NpyArrayTest, Archives) {
  // More than zlib gives at once.
  std::vector<float> many(100000);
  for (size_t i = 0; i < many.size(); ++i) many[i] = i % 977;
  for (const bool deflate : {false, true}) {
    for (const bool zip64 : {false, true}) {
      ASSERT_OK_AND_ASSIGN(
          const auto arrays,
          OpenZip(ZipFile({{"data.npy", FloatNpy("(10, 10000)", many)},
                           {"notes.txt", "none"},
                           {"conv1/label.npy", FloatNpy("(2,)", {7, 8})}},
                          deflate, zip64)));
      ASSERT_EQ(arrays.size(), 2u);
      EXPECT_EQ(arrays[0].name, "data");
      EXPECT_EQ(arrays[1].name, "conv1/label");
      const Rows rows = ReadRows(arrays[0]);
      ASSERT_EQ(rows.size(), 10u);
      EXPECT_EQ(rows[9][9999], many[99999]);
      EXPECT_EQ(ReadRows(arrays[0], 7)[0], rows[7]);
      EXPECT_THAT(ReadRows(arrays[1]),
                  ElementsAre(ElementsAre(7), ElementsAre(8)));
    }
  }
}

void ExpectInvalid(const std::string& bytes, const std::string& why) {
  const absl::Status status = Open(bytes).status();
  EXPECT_THAT(status, HasReason("ARRAY_INVALID"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(why));
}

TEST(NpyArrayTest, RefusesWhatIsNoArray) {
  const std::string good = FloatNpy("(2,)", {1, 2});
  ExpectInvalid("", "no .npy array");
  ExpectInvalid("text", "no .npy array");
  ExpectInvalid(good.substr(0, 11), "cut off");
  ExpectInvalid(good.substr(0, 30), "cut off");
  ExpectInvalid(good.substr(0, good.size() - 1), "has 7");
  ExpectInvalid(good + "x", "has 9");
  ExpectInvalid(NpyFile(NpyHeaderText("<f4", "(2,)"), "", 4), "version 4");
  ExpectInvalid(std::string("\x93NUMPY\x02\x00\xff\xff\xff\x7f", 12),
                "1048576");
}

TEST(NpyArrayTest, RefusesBadHeaders) {
  const auto header = [](const std::string& text) {
    return NpyFile(text, std::string(8, '\0'));
  };
  for (const char* text :
       {"", "{", "{}", "[]", "{'descr': '<f4'}", "{'descr' '<f4'}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
        "{'descr': '<f4', 'shape': (2,), 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': "
        "(99999999999999999999,)}"}) {
    ExpectInvalid(header(text), "header is damaged");
  }
  ExpectInvalid(header(NpyHeaderText("<f4", "(4611686018427387904, 4)")),
                "more values than any file");
  ExpectInvalid(header(NpyHeaderText("|O", "(2,)")), "type \"|O\"");
  ExpectInvalid(header(NpyHeaderText("<c8", "(1,)")), "type \"<c8\"");
  ExpectInvalid(header("{'descr': [('a', '<f4')], 'fortran_order': False, "
                       "'shape': (2,)}"),
                "structures");
}

TEST(NpyArrayTest, RefusesArraysWithoutRecords) {
  ExpectInvalid(FloatNpy("()", {1}), "without axes");
  ExpectInvalid(FloatNpy("(3, 0)", {}), "axis 1 has size 0");
  ExpectInvalid(FloatNpy("(0, 16384, 16384)", {}), "268435456 bytes");
  ASSERT_OK_AND_ASSIGN(const NpyArray empty, Open(FloatNpy("(0, 4)", {})));
  EXPECT_EQ(empty.num_rows(), 0);
}

TEST(NpyArrayTest, RefusesDamagedArchives) {
  const std::string npy = FloatNpy("(2,)", {1, 2});
  const std::string good = ZipFile({{"a.npy", npy}}, false);
  const auto expect = [](const std::string& zip, const std::string& why) {
    const absl::Status status = OpenZip(zip).status();
    EXPECT_THAT(status, HasReason("ARRAY_INVALID"));
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  };
  expect("", "no .npz archive");
  expect(good.substr(0, good.size() - 1), "no .npz archive");
  expect(good.substr(1), "damaged");
  expect(ZipFile({}, false), "no arrays");
  expect(ZipFile({{"a.npy", npy}, {"a.npy", npy}}, false), "two arrays \"a\"");
  expect(ZipFile({{"b.npy", "text"}}, true), "array \"b\"");
  std::string changed = good;
  const size_t entry = good.find("PK\1\2");
  changed[entry + 8] = 1;
  expect(changed, "encrypted");
  changed[entry + 8] = 0;
  changed[entry + 10] = 12;
  expect(changed, "method 12");
}

TEST(NpyArrayTest, FindsDamageInDeflatedValues) {
  std::vector<float> values(5000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = (i * i) % 811;
  std::string zip = ZipFile({{"a.npy", FloatNpy("(50, 100)", values)}}, true);
  zip[zip.find("PK\1\2") + 16] ^= 1;  // The checksum.
  ASSERT_OK_AND_ASSIGN(const auto arrays, OpenZip(zip));
  ASSERT_OK_AND_ASSIGN(const auto rows, NpyRows::Start(arrays[0], 0));
  for (int i = 0; i < 49; ++i) ASSERT_OK(rows->Next().status());
  EXPECT_THAT(rows->Next(), HasReason("ARRAY_INVALID"));
}

}  // namespace
}  // namespace quantd
