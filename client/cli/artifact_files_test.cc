#include "client/cli/artifact_files.h"

#include <filesystem>
#include <fstream>

#include "base/testing/status_matchers.h"

namespace quantd::testing {
namespace {

// A new directory with empty files of these names.
std::string DirectoryWith(const std::vector<std::string>& names) {
  static int count = 0;
  const std::string directory =
      ::testing::TempDir() + "/artifacts" + std::to_string(++count);
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  for (const std::string& name : names) std::ofstream(directory + "/" + name);
  return directory;
}

TEST(ArtifactFilesTest, FindsFilesByTheirCommonName) {
  const std::string directory =
      DirectoryWith({"net_deploy_model.prototxt", "net_quant_param_record.bin",
                     "net_quant_param_record.txt", "net_quant.json"});
  const auto files = FindQuantizedFiles(directory);
  ASSERT_OK(files);
  EXPECT_EQ(files->deploy_model, directory + "/net_deploy_model.prototxt");
  EXPECT_EQ(files->deploy_weights,
            directory + "/net_deploy_weights.caffemodel");
  EXPECT_EQ(files->quant_param_record,
            directory + "/net_quant_param_record.txt");
  EXPECT_EQ(files->fake_quant_model,
            directory + "/net_fake_quant_model.prototxt");
  EXPECT_EQ(files->fake_quant_weights,
            directory + "/net_fake_quant_weights.caffemodel");
}

TEST(ArtifactFilesTest, TheRecordMayBeBinaryOrWithoutTheName) {
  std::string directory =
      DirectoryWith({"a_deploy_model.prototxt", "a_quant_param_record.bin"});
  EXPECT_EQ(FindQuantizedFiles(directory)->quant_param_record,
            directory + "/a_quant_param_record.bin");
  directory =
      DirectoryWith({"a_deploy_model.prototxt", "quant_param_record.txt"});
  EXPECT_EQ(FindQuantizedFiles(directory)->quant_param_record,
            directory + "/quant_param_record.txt");
}

TEST(ArtifactFilesTest, AscendsModelsHaveNoRecord) {
  const std::string directory = DirectoryWith({"a_deploy_model.prototxt"});
  EXPECT_FALSE(HasDequantLayers(directory + "/a_deploy_model.prototxt"));
  EXPECT_EQ(FindQuantizedFiles(directory)->quant_param_record,
            directory + "/a_quant_param_record.txt");
  std::ofstream(directory + "/a_deploy_model.prototxt")
      << "layer {\n  type: \"DeQuant\"\n}\n";
  EXPECT_TRUE(HasDequantLayers(directory + "/a_deploy_model.prototxt"));
  EXPECT_EQ(FindQuantizedFiles(directory)->quant_param_record, "");
  EXPECT_FALSE(HasDequantLayers("/nowhere"));
}

TEST(ArtifactFilesTest, NoneAndSeveralModelsAreErrors) {
  EXPECT_THAT(FindQuantizedFiles(DirectoryWith({"a.prototxt"})),
              HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(FindQuantizedFiles("/nowhere"), HasReason("FILE_NOT_FOUND"));
  EXPECT_THAT(FindQuantizedFiles(DirectoryWith(
                  {"a_deploy_model.prototxt", "b_deploy_model.prototxt"})),
              HasReason("USAGE"));
}

}  // namespace
}  // namespace quantd::testing
