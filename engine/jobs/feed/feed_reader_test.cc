#include "engine/jobs/feed/feed_reader.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/status_matchers.h"
#include "engine/data/testing/test_lmdb.h"
#include "engine/data/testing/test_tensors.h"
#include "engine/layers/registry.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::WriteTensors;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kTwoInputs[] =
    "layer { name: 'x' type: 'Input' top: 'x' "
    "        input_param { shape { dim: 1 dim: 2 } } } "
    "layer { name: 'y' type: 'Input' top: 'y' "
    "        input_param { shape { dim: 1 dim: 1 dim: 2 } } } ";
constexpr char kSequence[] =  // Steps, batch, values.
    "layer { name: 'x' type: 'Input' top: 'x' "
    "        input_param { shape { dim: 3 dim: 1 dim: 2 } } } ";
constexpr char kData[] =
    "layer { name: 'd' type: 'Data' top: 'x' top: 'l' "
    "data_param { source: 's' batch_size: 2 } "
    "transform_param { scale: 9 mean_file: 'm' } } ";

caffe::NetParameter Parse(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

// A network, a data set, and a reader between them.
struct Fed {
  std::unique_ptr<FeedReader> reader;
  std::unique_ptr<Net> net;
  Tensor labels;

  absl::StatusOr<int64_t> Next() { return reader->Next(net.get(), &labels); }
  const Tensor& Blob(const std::string& name) const {
    return **net->Blob(name);
  }
};

absl::StatusOr<Fed> Open(const std::string& text, const std::string& path,
                         int64_t batch_size = 1,
                         const v1::Transform* transform = nullptr) {
  JobInputs inputs;
  const caffe::NetParameter param = Parse(text);
  ASSIGN_OR_RETURN(const NetworkFeed feed, FindFeed(param, transform, inputs));
  Fed fed;
  ASSIGN_OR_RETURN(fed.reader, OpenFeed(feed, path, batch_size));
  ASSIGN_OR_RETURN(fed.net,
                   Net::Create(WithInputLayer(param, fed.reader->inputs(), 1),
                               Net::Options(), MakeLayer));
  return fed;
}

TEST(FeedReaderTest, ArraysGoToTheInputsOfTheirNames) {
  const std::string path = WriteTensors(3, {{"y", {1, 2}, {1, 2, 3, 4, 5, 6}},
                                            {"label", {}, {7, 8, 9}},
                                            {"other", {}, {0, 0, 0}},
                                            {"x", {2}, {9, 8, 7, 6, 5, 4}}});
  ASSERT_OK_AND_ASSIGN(Fed fed, Open(kTwoInputs, path, 2));
  EXPECT_EQ(fed.reader->num_records(), 3);
  EXPECT_TRUE(fed.reader->feeds_arrays());
  EXPECT_TRUE(fed.reader->has_labels());
  EXPECT_EQ(fed.reader->inputs()[0].blob, "x");
  ASSERT_OK_AND_ASSIGN(int64_t count, fed.Next());
  EXPECT_EQ(count, 2);
  EXPECT_EQ(fed.Blob("y").shape(), Shape({2, 1, 2}));
  EXPECT_THAT(fed.Blob("x").values(), ElementsAre(9, 8, 7, 6));
  EXPECT_THAT(fed.Blob("y").values(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(fed.labels.values(), ElementsAre(7, 8));
  ASSERT_OK_AND_ASSIGN(count, fed.Next());
  EXPECT_EQ(count, 1);
  EXPECT_THAT(fed.Blob("x").values(), ElementsAre(5, 4));
  ASSERT_OK_AND_ASSIGN(count, fed.Next());
  EXPECT_EQ(count, 0);
}

TEST(FeedReaderTest, TheOnlyInputTakesAnArrayWithoutAName) {
  for (const char* name : {"", "arr_0", "x"}) {
    const std::string path =
        WriteTensors(1, {{name, {3, 1, 2}, {1, 2, 3, 4, 5, 6}}});
    ASSERT_OK(Open(kSequence, path).status()) << name;
  }
  const absl::Status status =
      Open(kTwoInputs, WriteTensors(1, {{"", {2}, {1, 2}}})).status();
  EXPECT_THAT(status, HasReason("BLOB_NOT_FOUND"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--data x=FILE.npy"));
}

TEST(FeedReaderTest, ARecordMayBeTheWholeInput) {
  const std::string path = WriteTensors(
      2, {{"x", {3, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}});
  ASSERT_OK_AND_ASSIGN(Fed fed, Open(kSequence, path));
  ASSERT_OK(fed.reader->SetBatchSize(16));  // Stays 1.
  ASSERT_OK_AND_ASSIGN(int64_t count, fed.Next());
  ASSERT_OK_AND_ASSIGN(count, fed.Next());
  EXPECT_EQ(count, 1);
  EXPECT_EQ(fed.Blob("x").shape(), Shape({3, 1, 2}));
  EXPECT_THAT(fed.Blob("x").values(), ElementsAre(7, 8, 9, 10, 11, 12));
  EXPECT_FALSE(fed.reader->has_labels());
}

TEST(FeedReaderTest, ArraysStandForWhatADataLayerGives) {
  const std::string path =
      WriteTensors(2, {{"x", {1, 1, 2}, {1, 2, 3, 4}}, {"l", {}, {5, 6}}});
  ASSERT_OK_AND_ASSIGN(Fed fed, Open(kData, path, 2));
  ASSERT_OK(fed.Next().status());
  EXPECT_THAT(fed.Blob("x").values(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(fed.Blob("l").values(), ElementsAre(5, 6));
  EXPECT_THAT(fed.labels.values(), ElementsAre(5, 6));
}

TEST(FeedReaderTest, LabelsAreZeroWhereNoneAreNeeded) {
  const std::string path = WriteTensors(2, {{"x", {1, 1, 1}, {1, 2}}});
  ASSERT_OK_AND_ASSIGN(Fed fed, Open(kData, path, 2));
  ASSERT_OK(fed.Next().status());
  EXPECT_THAT(fed.Blob("l").values(), ElementsAre(0, 0));
  EXPECT_FALSE(fed.reader->has_labels());
}

TEST(FeedReaderTest, RefusesOtherShapes) {
  const absl::Status status =
      Open(kTwoInputs, WriteTensors(2, {{"x", {2}, {1, 2, 3, 4}},
                                        {"y", {2}, {1, 2, 3, 4}}}))
          .status();
  EXPECT_THAT(status, HasReason("DATASET_SHAPE_MISMATCH"));
  for (const char* part :
       {"y.npy", "\"y\"", "2x2", "1x1x2", "2x1x2", "2x1x1x2"}) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  }
}

TEST(FeedReaderTest, RefusesATransform) {
  v1::Transform transform;
  transform.set_scale(2);
  EXPECT_THAT(
      Open(kSequence, WriteTensors(1, {{"x", {3, 1, 2}, {1, 2, 3, 4, 5, 6}}}),
           1, &transform),
      HasReason("OPTION_CONFLICT"));
}

TEST(FeedReaderTest, ImagesNeedOneInput) {
  const std::string path = testing::WriteLmdb(
      std::vector<caffe::Datum>{testing::MakeDatum(1, 1, 2, "ab")});
  EXPECT_THAT(Open(kTwoInputs, path), HasReason("NETWORK_UNSUPPORTED"));
  EXPECT_THAT(Open(kData, path), HasReason("OPTION_MISSING"));
  ASSERT_OK_AND_ASSIGN(
      Fed fed, Open("layer { name: 'x' type: 'Input' top: 'x' input_param { "
                    "shape { dim: 1 dim: 1 dim: 1 dim: 2 } } }",
                    path));
  EXPECT_FALSE(fed.reader->feeds_arrays());
  EXPECT_TRUE(fed.reader->has_labels());
  ASSERT_OK(fed.Next().status());
  EXPECT_THAT(fed.Blob("x").values(), ElementsAre('a', 'b'));
}

}  // namespace
}  // namespace quantd
