#include "engine/data/mean_file.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd::testing {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

TEST(MeanFileTest, LegacyShape) {
  caffe::BlobProto blob;
  blob.set_num(1);
  blob.set_channels(2);
  blob.set_height(1);
  blob.set_width(2);
  for (float value : {1, 2, 3, 4}) blob.add_data(value);
  ASSERT_OK_AND_ASSIGN(const Tensor mean,
                       ParseMean(blob.SerializeAsString(), "mean"));
  EXPECT_EQ(mean.shape(), Shape({2, 1, 2}));
  EXPECT_THAT(mean.values(), ElementsAre(1, 2, 3, 4));
}

TEST(MeanFileTest, NewShape) {
  caffe::BlobProto blob;
  for (int dim : {1, 1, 2}) blob.mutable_shape()->add_dim(dim);
  for (float value : {1, 2}) blob.add_data(value);
  ASSERT_OK_AND_ASSIGN(const Tensor mean,
                       ParseMean(blob.SerializeAsString(), "mean"));
  EXPECT_EQ(mean.shape(), Shape({1, 1, 2}));
}

TEST(MeanFileTest, NamesTheFileThatIsMissingOrWrong) {
  EXPECT_THAT(ReadMeanFile("/nonexistent/mean.binaryproto"),
              StatusIs(Code::kNotFound, "/nonexistent/mean.binaryproto"));
  EXPECT_THAT(ReadMeanFile("/nonexistent/mean.binaryproto"),
              HasReason("MEAN_FILE_NOT_FOUND"));
  EXPECT_THAT(ReadMeanFile("/"), HasReason("MEAN_FILE_INVALID"));
  for (const std::string& bytes : {std::string(), std::string("text")}) {
    EXPECT_THAT(ParseMean(bytes, "m.binaryproto"),
                StatusIs(Code::kInvalidArgument, "m.binaryproto"));
  }
}

TEST(MeanFileTest, RefusesWrongShapes) {
  caffe::BlobProto blob;
  blob.set_num(2);
  blob.set_channels(1);
  blob.set_height(1);
  blob.set_width(1);
  blob.add_data(1);
  EXPECT_THAT(ParseMean(blob.SerializeAsString(), "mean"),
              HasReason("MEAN_FILE_INVALID"));
  blob.add_data(2);
  EXPECT_THAT(ParseMean(blob.SerializeAsString(), "mean"),
              HasReason("MEAN_FILE_INVALID"));
}

}  // namespace
}  // namespace quantd::testing
