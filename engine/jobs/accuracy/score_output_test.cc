#include "engine/jobs/accuracy/score_output.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;

caffe::NetParameter Net(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net));
  return net;
}

TEST(ScoreOutputTest, SoftmaxIsProbabilities) {
  ASSERT_OK_AND_ASSIGN(
      const ScoreOutput output,
      FindScoreOutput(Net("layer { type: 'Input' top: 'x' }"
                          "layer { type: 'Softmax' bottom: 'x' top: 'p' }")));
  EXPECT_EQ(output.blob, "p");
  EXPECT_TRUE(output.is_probability);
}

TEST(ScoreOutputTest, SoftmaxWithLossReadsLogits) {
  ASSERT_OK_AND_ASSIGN(
      const ScoreOutput output,
      FindScoreOutput(
          Net("layer { type: 'Accuracy' bottom: 'y' bottom: 'l' top: 'a' }"
              "layer { type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'l' }")));
  EXPECT_EQ(output.blob, "x");
  EXPECT_FALSE(output.is_probability);
}

TEST(ScoreOutputTest, AccuracyThenTheOnlyOutput) {
  ASSERT_OK_AND_ASSIGN(
      ScoreOutput output,
      FindScoreOutput(
          Net("layer { type: 'Accuracy' bottom: 'y' bottom: 'l' top: 'a' }")));
  EXPECT_EQ(output.blob, "y");
  ASSERT_OK_AND_ASSIGN(
      output,
      FindScoreOutput(Net("layer { type: 'Input' top: 'x' }"
                          "layer { type: 'ReLU' bottom: 'x' top: 'y' }")));
  EXPECT_EQ(output.blob, "y");
}

TEST(ScoreOutputTest, SeveralOutputsAreAnError) {
  EXPECT_THAT(FindScoreOutput(Net("layer { type: 'Input' top: 'x' top: 'y' }")),
              HasReason("BLOB_NOT_FOUND"));
}

}  // namespace
}  // namespace quantd
