#include "client/array_records.h"

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/npy/testing/make_npy.h"
#include "base/testing/status_matchers.h"
#include "client/open_records.h"
#include "client/testing/test_lmdb.h"
#include "gmock/gmock.h"
#include "proto/quantd/v1/tensor_record.pb.h"

namespace quantd {
namespace {

using ::quantd::testing::BytesOf;
using ::quantd::testing::FloatNpy;
using ::quantd::testing::HasReason;
using ::quantd::testing::MakeTestDirectory;
using ::quantd::testing::NpyFile;
using ::quantd::testing::NpyHeaderText;
using ::quantd::testing::ZipFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ArrayRecordsTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& bytes) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  // Path of "x.npy": records 10 11, 20 21, 30 31.
  std::string WriteX() {
    return Write("x.npy", FloatNpy("(3, 2)", {10, 11, 20, 21, 30, 31}));
  }

  static std::vector<v1::TensorRecord> ReadAll(
      const std::vector<std::string>& words, int64_t first = 0,
      int64_t end = 1000) {
    std::vector<v1::TensorRecord> records;
    const auto source = OpenRecords(words);
    EXPECT_OK(source.status());
    if (!source.ok()) return records;
    EXPECT_OK((*source)->ForEach(
        first, end, [&](absl::string_view key, absl::string_view value) {
          EXPECT_EQ(key, "000000000" + std::to_string(first + records.size()));
          EXPECT_EQ(value.substr(0, 2), "\xC2\x3E");
          EXPECT_TRUE(
              records.emplace_back().ParseFromString(std::string(value)));
          return absl::OkStatus();
        }));
    return records;
  }

  static std::vector<float> Floats(const v1::NamedTensor& tensor) {
    EXPECT_EQ(tensor.type(), v1::NamedTensor::TYPE_FLOAT32);
    std::vector<float> values(tensor.data().size() / sizeof(float));
    std::memcpy(values.data(), tensor.data().data(), tensor.data().size());
    return values;
  }

  static void ExpectError(const std::vector<std::string>& words,
                          const std::string& reason, const std::string& text) {
    const absl::Status status = OpenRecords(words).status();
    EXPECT_THAT(status, HasReason(reason));
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  }

  const std::string folder_ = MakeTestDirectory("arrays");
};

TEST_F(ArrayRecordsTest, OneArrayIsTheOnlyInput) {
  const auto records = ReadAll({WriteX()});
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].tensor(0).file_name(), "x.npy");
  ASSERT_EQ(records[1].tensor_size(), 1);
  EXPECT_EQ(records[1].tensor(0).file_name(), "");
  EXPECT_EQ(records[1].tensor(0).name(), "");
  EXPECT_THAT(records[1].tensor(0).dim(), ElementsAre(2));
  EXPECT_THAT(Floats(records[1].tensor(0)), ElementsAre(20, 21));
  const auto tail = ReadAll({WriteX()}, 2);
  ASSERT_EQ(tail.size(), 1u);
  EXPECT_THAT(Floats(tail[0].tensor(0)), ElementsAre(30, 31));
}

TEST_F(ArrayRecordsTest, ArraysByName) {
  const std::string bytes =
      Write("b.npy", NpyFile(NpyHeaderText("|u1", "(3, 1)"), "abc"));
  const std::string labels =
      Write("l.npy",
            NpyFile(NpyHeaderText("<i8", "(3,)"), BytesOf<int64_t>({4, 5, 6})));
  const auto records =
      ReadAll({"x=" + WriteX(), "image=" + bytes, "label=" + labels});
  ASSERT_EQ(records.size(), 3u);
  ASSERT_EQ(records[2].tensor_size(), 3);
  EXPECT_EQ(records[2].tensor(0).name(), "x");
  EXPECT_EQ(records[2].tensor(1).name(), "image");
  EXPECT_EQ(records[2].tensor(1).type(), v1::NamedTensor::TYPE_UINT8);
  EXPECT_EQ(records[2].tensor(1).data(), "c");
  EXPECT_EQ(records[2].tensor(2).dim_size(), 0);
  EXPECT_THAT(Floats(records[2].tensor(2)), ElementsAre(6));
}

TEST_F(ArrayRecordsTest, ArchivesHaveNamesAndGoWithOthers) {
  const std::string archive =
      Write("in.npz", ZipFile({{"a.npy", FloatNpy("(3,)", {1, 2, 3})},
                               {"b.npy", FloatNpy("(3, 1)", {4, 5, 6})}},
                              true));
  const auto records = ReadAll({archive, "x=" + WriteX()});
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].tensor(1).name(), "b");
  EXPECT_THAT(Floats(records[0].tensor(1)), ElementsAre(4));
  EXPECT_EQ(records[0].tensor(2).name(), "x");
}

TEST_F(ArrayRecordsTest, NamesOfFilesMayHaveAnEqualsSign) {
  const auto records = ReadAll({Write("a=b.npy", FloatNpy("(1,)", {1}))});
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].tensor(0).name(), "");
}

TEST_F(ArrayRecordsTest, RefusesArraysThatDoNotGoTogether) {
  const std::string x = WriteX();
  const std::string two = Write("two.npy", FloatNpy("(2, 1)", {1, 2}));
  ExpectError({"x=" + x, "y=" + two}, "DATASET_SHAPE_MISMATCH",
              "x.npy of shape 3x2 has 3 records");
  ExpectError({"x=" + x, "y=" + two}, "DATASET_SHAPE_MISMATCH",
              "two.npy of shape 2x1 has 2");
  ExpectError({"x=" + x, "x=" + x}, "ARRAY_INVALID", "NAME=FILE.npy");
  ExpectError({x, x}, "ARRAY_INVALID", "NAME=FILE.npy");
  ExpectError({Write("none.npy", FloatNpy("(0, 2)", {}))}, "DATASET_EMPTY",
              "none.npy of shape 0x2");
}

TEST_F(ArrayRecordsTest, NamesTheFileOfAnError) {
  ExpectError({folder_ + "/gone.npy"}, "FILE_NOT_FOUND", "gone.npy");
  ExpectError({"x=" + folder_ + "/gone.npy"}, "FILE_NOT_FOUND", "/gone.npy");
  ExpectError({Write("bad.npy", "text text text")}, "ARRAY_INVALID",
              "bad.npy: it is no .npy array");
  ExpectError({Write("bad.npz", "text")}, "ARRAY_INVALID", "bad.npz: ");
  ExpectError({Write("b.npz", ZipFile({{"z.npy", "text"}}, false))},
              "ARRAY_INVALID", "b.npz: array \"z\": ");
}

TEST_F(ArrayRecordsTest, OnlyArraysComeInSeveralFiles) {
  ExpectError({WriteX(), folder_}, "OPTION_CONFLICT", folder_);
  ExpectError({folder_, folder_}, "OPTION_CONFLICT", "NAME=FILE.npy");
}

}  // namespace
}  // namespace quantd
