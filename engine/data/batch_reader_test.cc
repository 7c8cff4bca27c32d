#include "engine/data/batch_reader.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_images.h"
#include "engine/data/testing/test_lmdb.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

// Images of one pixel with the values 0, 10, 20, ... and labels 0, 1, 2, ...
std::vector<caffe::Datum> Pixels(int count) {
  std::vector<caffe::Datum> datums;
  for (int i = 0; i < count; ++i) {
    datums.push_back(
        MakeDatum(1, 1, 1, std::string(1, static_cast<char>(10 * i)), i));
  }
  return datums;
}

BatchReader::Options OptionsFor(const std::string& lmdb, int64_t batch_size) {
  BatchReader::Options options;
  options.lmdb_path = lmdb;
  options.batch_size = batch_size;
  return options;
}

TEST(BatchReaderTest, WrapsAround) {
  ASSERT_OK_AND_ASSIGN(
      auto reader, BatchReader::Create(OptionsFor(WriteLmdb(Pixels(3)), 2)));
  EXPECT_EQ(reader->num_records(), 3);
  EXPECT_EQ(reader->image_shape(), Shape({1, 1, 1}));
  Tensor data;
  Tensor labels;
  std::vector<float> all;
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK_AND_ASSIGN(const int64_t count, reader->Next(&data, &labels));
    EXPECT_EQ(count, 2);
    EXPECT_EQ(data.shape(), Shape({2, 1, 1, 1}));
    for (int k = 0; k < 2; ++k) {
      EXPECT_EQ(data.data()[k], 10 * labels.data()[k]);
      all.push_back(labels.data()[k]);
    }
  }
  EXPECT_THAT(all, ElementsAre(0, 1, 2, 0, 1, 2, 0, 1));
}

TEST(BatchReaderTest, ImagesOfAllSizesAreScaledToOne) {
  const std::vector<caffe::Datum> datums = {
      MakeDatum(1, 2, 2, std::string(4, 10), 0),
      MakeDatum(1, 1, 3, std::string(3, 20), 1)};
  BatchReader::Options options = OptionsFor(WriteLmdb(datums), 2);
  options.resize_height = 4;
  options.resize_width = 5;
  options.transform.set_crop_size(3);
  ASSERT_OK_AND_ASSIGN(auto reader, BatchReader::Create(options));
  Tensor data;
  ASSERT_OK(reader->Next(&data, nullptr));
  EXPECT_EQ(data.shape(), Shape({2, 1, 3, 3}));
  EXPECT_EQ(data.data()[0], 10);
  EXPECT_EQ(data.data()[17], 20);
}

TEST(BatchReaderTest, FloatsAreNotScaled) {
  caffe::Datum datum;
  datum.set_channels(1);
  datum.set_height(1);
  datum.set_width(1);
  datum.add_float_data(0.5f);
  BatchReader::Options options =
      OptionsFor(WriteLmdb(std::vector<caffe::Datum>{datum}), 1);
  options.resize_height = options.resize_width = 2;
  EXPECT_THAT(BatchReader::Create(options).status(),
              HasReason("DATASET_SHAPE_MISMATCH"));
}

TEST(BatchReaderTest, SkippedBatchesAreLeftOutAndNothingElseChanges) {
  BatchReader::Options options = OptionsFor(WriteLmdb(Pixels(3)), 2);
  options.phase = caffe::TRAIN;
  options.transform.set_mirror(true);
  ASSERT_OK_AND_ASSIGN(auto whole, BatchReader::Create(options));
  for (int64_t skipped = 0; skipped < 5; ++skipped) {
    ASSERT_OK_AND_ASSIGN(auto reader, BatchReader::Create(options));
    ASSERT_OK(reader->Skip(skipped));
    Tensor data, labels, expected_data, expected_labels;
    ASSERT_OK(reader->Next(&data, &labels).status());
    ASSERT_OK(whole->Next(&expected_data, &expected_labels).status());
    EXPECT_EQ(data.values(), expected_data.values()) << skipped;
    EXPECT_EQ(labels.values(), expected_labels.values()) << skipped;
  }
}

TEST(BatchReaderTest, SkipsOnlyBeforeTheFirstBatch) {
  ASSERT_OK_AND_ASSIGN(
      auto reader, BatchReader::Create(OptionsFor(WriteLmdb(Pixels(3)), 2)));
  Tensor data;
  ASSERT_OK(reader->Next(&data, nullptr).status());
  EXPECT_FALSE(reader->Skip(1).ok());
}

TEST(BatchReaderTest, WithoutWrapTheLastBatchIsSmaller) {
  BatchReader::Options options = OptionsFor(WriteLmdb(Pixels(5)), 2);
  options.wrap = false;
  options.transform.set_scale(0.1f);
  ASSERT_OK_AND_ASSIGN(auto reader, BatchReader::Create(options));
  Tensor data;
  std::vector<int64_t> counts;
  float last = 0;
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK_AND_ASSIGN(const int64_t count, reader->Next(&data, nullptr));
    counts.push_back(count);
    if (count > 0) last = data.data()[count - 1];
  }
  EXPECT_THAT(counts, ElementsAre(2, 2, 1, 0, 0));
  EXPECT_FLOAT_EQ(last, 4);
}

TEST(BatchReaderTest, StopsWhileTheQueueIsFull) {
  BatchReader::Options options = OptionsFor(WriteLmdb(Pixels(3)), 1);
  options.prefetch = 1;
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK_AND_ASSIGN(auto reader, BatchReader::Create(options));
    Tensor data;
    if (i % 2 == 1) {
      EXPECT_OK(reader->Next(&data, nullptr));
    }
  }
}

TEST(BatchReaderTest, NamesTheRecordOfAnotherSize) {
  std::vector<caffe::Datum> datums = Pixels(3);
  datums[2] = MakeDatum(1, 1, 2, "ab");
  ASSERT_OK_AND_ASSIGN(auto reader,
                       BatchReader::Create(OptionsFor(WriteLmdb(datums), 2)));
  Tensor data;
  Tensor labels;
  EXPECT_OK(reader->Next(&data, &labels));
  for (int i = 0; i < 2; ++i) {  // The error repeats.
    const auto count = reader->Next(&data, &labels);
    EXPECT_THAT(count, HasReason("DATASET_SHAPE_MISMATCH"));
    EXPECT_THAT(count, StatusIs(Code::kFailedPrecondition, "\"00000002\""));
    EXPECT_THAT(count, StatusIs(Code::kFailedPrecondition, "1x1x2"));
    EXPECT_EQ(GetErrorMetadata(count.status())["key"], "00000002");
  }
}

// The thread changes nothing but who decodes.
TEST(BatchReaderTest, PrefetchOrNotIsTheSame) {
  std::vector<caffe::Datum> datums;
  for (int i = 0; i < 23; ++i) {
    std::string pixels(3 * 9 * 8, '\0');
    for (size_t k = 0; k < pixels.size(); ++k) pixels[k] = char(k * 31 + i);
    datums.push_back(MakeDatum(3, 9, 8, pixels, i));
  }
  BatchReader::Options options = OptionsFor(WriteLmdb(datums), 4);
  options.phase = caffe::TRAIN;
  options.transform.set_crop_size(5);
  options.transform.set_mirror(true);
  const auto read = [&options](int prefetch) {
    options.prefetch = prefetch;
    auto reader = BatchReader::Create(options);
    EXPECT_OK(reader);
    std::vector<float> values;
    Tensor data;
    Tensor labels;
    for (int i = 0; i < 15; ++i) {
      EXPECT_OK((*reader)->Next(&data, &labels));
      values.insert(values.end(), data.values().begin(), data.values().end());
      values.insert(values.end(), labels.values().begin(),
                    labels.values().end());
    }
    return values;
  };
  const std::vector<float> expected = read(0);
  EXPECT_EQ(expected.size(), 15u * 4 * (3 * 5 * 5 + 1));
  EXPECT_EQ(read(1), expected);
  EXPECT_EQ(read(3), expected);
  EXPECT_EQ(read(16), expected);
  options.seed = 2;
  EXPECT_NE(read(3), expected);
}

TEST(BatchReaderTest, EndAndErrorsAreTheSameWithoutAThread) {
  std::vector<caffe::Datum> datums = Pixels(5);
  BatchReader::Options options = OptionsFor(WriteLmdb(datums), 2);
  options.wrap = false;
  options.prefetch = 0;
  ASSERT_OK_AND_ASSIGN(auto reader, BatchReader::Create(options));
  Tensor data;
  for (const int64_t expected : {2, 2, 1, 0, 0}) {
    ASSERT_OK_AND_ASSIGN(const int64_t count, reader->Next(&data, nullptr));
    EXPECT_EQ(count, expected);
  }
  datums[2] = MakeDatum(1, 1, 2, "ab");
  options.lmdb_path = WriteLmdb(datums);
  ASSERT_OK_AND_ASSIGN(reader, BatchReader::Create(options));
  EXPECT_OK(reader->Next(&data, nullptr));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(reader->Next(&data, nullptr),
                HasReason("DATASET_SHAPE_MISMATCH"));
  }
}

TEST(BatchReaderTest, TheBatchSizeMayBeSetOnceTheShapeIsKnown) {
  ASSERT_OK_AND_ASSIGN(
      auto reader, BatchReader::Create(OptionsFor(WriteLmdb(Pixels(3)), 1)));
  EXPECT_EQ(reader->image_shape(), Shape({1, 1, 1}));
  EXPECT_THAT(reader->SetBatchSize(0), HasReason("OPTION_OUT_OF_RANGE"));
  ASSERT_OK(reader->SetBatchSize(3));
  Tensor data;
  ASSERT_OK_AND_ASSIGN(const int64_t count, reader->Next(&data, nullptr));
  EXPECT_EQ(count, 3);
  EXPECT_THAT(data.values(), ElementsAre(0, 10, 20));
}

TEST(BatchReaderTest, BatchesMayHaveShapesOfTheirOwn) {
  BatchReader::Options options = OptionsFor(
      WriteLmdb({MakeDatum(1, 1, 1, "a"), MakeDatum(1, 1, 1, "b"),
                 MakeDatum(1, 1, 2, "cd"), MakeDatum(1, 1, 2, "ef"),
                 MakeDatum(1, 2, 1, "gh"), MakeDatum(1, 1, 2, "ij")}),
      2);
  options.fixed_shape = false;
  ASSERT_OK_AND_ASSIGN(auto reader, BatchReader::Create(options));
  Tensor data;
  ASSERT_OK(reader->Next(&data, nullptr));
  EXPECT_EQ(data.shape(), Shape({2, 1, 1, 1}));
  ASSERT_OK(reader->Next(&data, nullptr));
  EXPECT_EQ(data.shape(), Shape({2, 1, 1, 2}));
  EXPECT_THAT(data.values(), ElementsAre('c', 'd', 'e', 'f'));
  EXPECT_THAT(reader->Next(&data, nullptr),
              StatusIs(Code::kFailedPrecondition, "first record's of the"));
}

TEST(BatchReaderTest, CropMakesSizesEqual) {
  BatchReader::Options options = OptionsFor(
      WriteLmdb({MakeDatum(1, 1, 1, "a"), MakeDatum(1, 3, 3, "abcdefghi")}), 2);
  options.transform.set_crop_size(1);
  ASSERT_OK_AND_ASSIGN(auto reader, BatchReader::Create(options));
  Tensor data;
  ASSERT_OK(reader->Next(&data, nullptr));
  EXPECT_THAT(data.values(), ElementsAre('a', 'e'));
}

TEST(BatchReaderTest, NamesTheRecordThatIsDamaged) {
  std::string jpeg = EncodeJpeg(8, 8, 1, std::vector<uint8_t>(64, 1));
  caffe::Datum good;
  good.set_encoded(true);
  good.set_data(jpeg);
  caffe::Datum bad = good;
  bad.set_data(jpeg.substr(0, jpeg.size() / 2));
  ASSERT_OK_AND_ASSIGN(
      auto reader, BatchReader::Create(OptionsFor(WriteLmdb({good, bad}), 1)));
  Tensor data;
  EXPECT_OK(reader->Next(&data, nullptr));
  const auto count = reader->Next(&data, nullptr);
  EXPECT_THAT(count, HasReason("DATASET_CORRUPT"));
  EXPECT_THAT(count, StatusIs(Code::kFailedPrecondition, "\"00000001\""));
}

TEST(BatchReaderTest, RefusesBadInputAtOnce) {
  EXPECT_THAT(BatchReader::Create(OptionsFor("/nonexistent", 1)),
              HasReason("DATASET_NOT_FOUND"));
  const std::string lmdb = WriteLmdb(Pixels(1));
  EXPECT_THAT(BatchReader::Create(OptionsFor(lmdb, 0)),
              HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(BatchReader::Create(OptionsFor(lmdb, int64_t{1} << 40)),
              HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(
      BatchReader::Create(OptionsFor(WriteLmdb(Records{{"a", "no datum"}}), 1)),
      HasReason("DATASET_CORRUPT"));
  BatchReader::Options options = OptionsFor(lmdb, 1);
  options.transform.set_mean_file("/nonexistent/mean.binaryproto");
  EXPECT_THAT(BatchReader::Create(options), HasReason("MEAN_FILE_NOT_FOUND"));
  options = OptionsFor(lmdb, 1);
  options.prefetch = -1;
  EXPECT_THAT(BatchReader::Create(options), HasReason("OPTION_OUT_OF_RANGE"));
  options = OptionsFor(lmdb, 1);
  options.mean = Tensor(Shape({3, 1, 1}));
  EXPECT_THAT(BatchReader::Create(options),
              HasReason("DATASET_SHAPE_MISMATCH"));
}

}  // namespace
}  // namespace quantd::testing
