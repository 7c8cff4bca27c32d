#include "engine/data/tensor_reader.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "engine/data/datum.h"
#include "engine/data/testing/test_lmdb.h"
#include "engine/data/testing/test_tensors.h"
#include "gmock/gmock.h"
#include "proto/quantd/v1/tensor_record.pb.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::Records;
using ::quantd::testing::WriteLmdb;
using ::quantd::testing::WriteTensors;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Bytes(const std::string& name, int64_t dim,
                  const std::string& bytes) {
  v1::TensorRecord record;
  v1::NamedTensor* tensor = record.add_tensor();
  tensor->set_name(name);
  tensor->add_dim(dim);
  tensor->set_type(v1::NamedTensor::TYPE_UINT8);
  tensor->set_data(bytes);
  return record.SerializeAsString();
}

TEST(TensorReaderTest, BatchesHaveTheRecordsInOrder) {
  const std::string path = WriteTensors(
      3, {{"x", {2}, {1, 2, 3, 4, 5, 6}}, {"label", {}, {7, 8, 9}}});
  ASSERT_OK_AND_ASSIGN(const bool holds, TensorReader::HoldsTensors(path));
  EXPECT_TRUE(holds);
  ASSERT_OK_AND_ASSIGN(const auto reader, TensorReader::Open(path));
  EXPECT_EQ(reader->num_records(), 3);
  ASSERT_EQ(reader->arrays().size(), 2u);
  EXPECT_EQ(reader->arrays()[0].shape, Shape({2}));
  EXPECT_EQ(reader->arrays()[0].file, "x.npy");
  Tensor x, labels;
  ASSERT_OK_AND_ASSIGN(int64_t count, reader->Next(2, {{&x}, {&labels}}));
  EXPECT_EQ(count, 2);
  EXPECT_EQ(x.shape(), Shape({2, 2}));
  EXPECT_THAT(x.values(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(labels.shape(), Shape({2}));
  EXPECT_THAT(labels.values(), ElementsAre(7, 8));
  ASSERT_OK_AND_ASSIGN(count, reader->Next(2, {{&x}, {}}));
  EXPECT_EQ(count, 1);
  EXPECT_THAT(x.values(), ElementsAre(5, 6));
  ASSERT_OK_AND_ASSIGN(count, reader->Next(2, {{&x}, {}}));
  EXPECT_EQ(count, 0);
}

TEST(TensorReaderTest, AWholeArrayHasNoBatch) {
  const std::string path = WriteTensors(2, {{"x", {2, 1}, {1, 2, 3, 4}}});
  ASSERT_OK_AND_ASSIGN(const auto reader, TensorReader::Open(path));
  Tensor x;
  ASSERT_OK(reader->Next(1, {{&x, true}}).status());
  ASSERT_OK(reader->Next(1, {{&x, true}}).status());
  EXPECT_EQ(x.shape(), Shape({2, 1}));
  EXPECT_THAT(x.values(), ElementsAre(3, 4));
}

TEST(TensorReaderTest, BytesAreUnsigned) {
  const std::string path = WriteLmdb(Records{{"0", Bytes("x", 2, "\x01\xff")}});
  ASSERT_OK_AND_ASSIGN(const auto reader, TensorReader::Open(path));
  Tensor x;
  ASSERT_OK(reader->Next(1, {{&x}}).status());
  EXPECT_THAT(x.values(), ElementsAre(1, 255));
}

TEST(TensorReaderTest, ImagesAreNoTensors) {
  const std::string path =
      WriteLmdb(std::vector<caffe::Datum>{testing::MakeDatum(1, 1, 1, "a")});
  ASSERT_OK_AND_ASSIGN(const bool holds, TensorReader::HoldsTensors(path));
  EXPECT_FALSE(holds);
  EXPECT_THAT(TensorReader::Open(path), HasReason("DATASET_CORRUPT"));
}

TEST(TensorReaderTest, TensorsAreNoImages) {
  DecodedDatum datum;
  const absl::Status status =
      DecodeDatum(Bytes("x", 1, "a"), ColorMode::kAsStored, &datum);
  EXPECT_THAT(status, HasReason("DATASET_CORRUPT"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("holds arrays"));
}

TEST(TensorReaderTest, RefusesRecordsThatAreNotSound) {
  for (const std::string& record :
       {Bytes("x", 3, "ab"), Bytes("x", -1, ""), std::string("\xC2\x3E\x05", 3),
        Bytes("x", int64_t{1} << 40, "ab")}) {
    EXPECT_THAT(TensorReader::Open(WriteLmdb(Records{{"key", record}})),
                HasReason("DATASET_CORRUPT"));
  }
}

TEST(TensorReaderTest, RefusesRecordsThatDiffer) {
  for (const std::string& other : {Bytes("x", 1, "a"), Bytes("y", 2, "ab")}) {
    const std::string path =
        WriteLmdb(Records{{"k0", Bytes("x", 2, "ab")}, {"k1", other}});
    ASSERT_OK_AND_ASSIGN(const auto reader, TensorReader::Open(path));
    Tensor x;
    const absl::Status status = reader->Next(2, {{&x}}).status();
    EXPECT_THAT(status, HasReason("DATASET_SHAPE_MISMATCH"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("record \"k1\""));
  }
}

}  // namespace
}  // namespace quantd
