#include "engine/jobs/calibration/intermediate_files.h"

#include <string>
#include <vector>

#include "base/testing/status_matchers.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

caffe::NetParameter Net() {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "layer { name: 'in' type: 'Input' top: 'x' }"
      "layer { name: 'pool' type: 'Pooling' bottom: 'x' top: 'p' }"
      "layer { name: '.a/bn 1' type: 'BatchNorm' bottom: 'p' top: 'b' "
      "batch_norm_param { use_global_stats: true } "
      "blobs { data: 1 } blobs { data: 2 } blobs { data: 3 } }",
      &net));
  return net;
}

std::vector<std::string> Names(const std::vector<ExportedFile>& files) {
  std::vector<std::string> names;
  for (const ExportedFile& file : files) {
    EXPECT_EQ(file.group, FileGroup::kIntermediate);
    names.push_back(file.name);
  }
  return names;
}

TEST(IntermediateFilesTest, TheUpdatedModelAndItsBlobs) {
  QuantConfig config;
  config.update_bn = true;
  config.bn_update.moving_average_fraction = 0.25f;
  ASSERT_OK_AND_ASSIGN(const auto files, BnUpdateFiles(config, Net()));
  EXPECT_THAT(
      Names(files),
      ElementsAre("modified_model.prototxt", "modified_model.caffemodel",
                  "%2Ea%2Fbn%201.0.binaryproto", "%2Ea%2Fbn%201.1.binaryproto",
                  "%2Ea%2Fbn%201.2.binaryproto"));
  EXPECT_THAT(files[0].contents, HasSubstr("use_global_stats: false"));
  EXPECT_THAT(files[0].contents, HasSubstr("moving_average_fraction: 0.25"));
  caffe::BlobProto blob;
  ASSERT_TRUE(blob.ParseFromString(files[4].contents));
  EXPECT_THAT(blob.data(), ElementsAre(3));
}

TEST(IntermediateFilesTest, TheCalibratedModelHasItsNameByUpdateBn) {
  QuantPlan plan;
  plan.blobs.resize(1);
  plan.blobs[0].blob = "x";
  plan.blobs[0].consumers = {{1, "pool", 0}};
  QuantConfig config;
  ASSERT_OK_AND_ASSIGN(auto files, CalibratedModelFiles(config, plan, Net()));
  EXPECT_THAT(Names(files), ElementsAre("modified_model.prototxt",
                                        "modified_model.caffemodel"));
  EXPECT_THAT(files[0].contents, HasSubstr("pool_0_ifmr_layer"));
  EXPECT_THAT(files[0].contents, HasSubstr("\"scale_offset_record.txt\""));
  EXPECT_THAT(files[0].contents, Not(HasSubstr("blobs")));
  config.update_bn = true;
  ASSERT_OK_AND_ASSIGN(files, CalibratedModelFiles(config, plan, Net()));
  EXPECT_THAT(Names(files),
              ElementsAre("activation_modified_model.prototxt",
                          "activation_modified_model.caffemodel"));
  EXPECT_THAT(files[0].contents,
              HasSubstr("\"scale_offset_record_update.txt\""));
}

}  // namespace
}  // namespace quantd
