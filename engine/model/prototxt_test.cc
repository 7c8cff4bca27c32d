#include "engine/model/prototxt.h"

#include <string>

#include "base/testing/status_matchers.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ErrorMetadata ParseErrorOf(const std::string& text) {
  const auto net = ParseNetPrototxt(text, "net.prototxt");
  EXPECT_THAT(net, HasReason("PROTOTXT_PARSE"));
  return GetErrorMetadata(net.status());
}

TEST(PrototxtTest, AcceptsEveryFormOfTheTextFormat) {
  ASSERT_OK_AND_ASSIGN(
      const caffe::NetParameter net,
      ParseNetPrototxt("# comment\nname: 'a' \"b\"\n"
                       "layer: { name: \"c\" type: \"Pooling\"\n"
                       "  pooling_param { pool: 1 kernel_size: 0x3; } }\n"
                       "input_dim: [1, 2]\n",
                       "net.prototxt"));
  EXPECT_EQ(net.name(), "ab");
  ASSERT_EQ(net.layer_size(), 1);
  EXPECT_EQ(net.layer(0).pooling_param().pool(), caffe::PoolingParameter::AVE);
  EXPECT_EQ(net.layer(0).pooling_param().kernel_size(), 3);
  EXPECT_THAT(net.input_dim(), ElementsAre(1, 2));
}

TEST(PrototxtTest, SyntaxErrorNamesLineColumnAndToken) {
  const ErrorMetadata at = ParseErrorOf("name: \"n\"\n  layer { name: }\n");
  EXPECT_EQ(at.at("file"), "net.prototxt");
  EXPECT_EQ(at.at("line"), "2");
  EXPECT_EQ(at.at("column"), "17");
  EXPECT_EQ(at.at("token"), "}");
}

TEST(PrototxtTest, ColumnCountsATabAsOneCharacter) {
  EXPECT_EQ(ParseErrorOf("\t\tname: }").at("column"), "9");
}

TEST(PrototxtTest, MisspelledFieldIsAnError) {
  const ErrorMetadata at = ParseErrorOf(
      "layer {\n  convolution_param {\n    kernal_size: 3\n  }\n}\n");
  EXPECT_EQ(at.at("line"), "3");
  EXPECT_EQ(at.at("column"), "5");
  EXPECT_EQ(at.at("token"), "kernal_size");
  ParseErrorOf("layer { botom: \"x\" }");
  ParseErrorOf("layers { layer { kernel: 1 } }");
}

TEST(PrototxtTest, UnknownFieldsOfVendorsAreAWarning) {
  std::vector<std::string> warnings;
  ASSERT_OK_AND_ASSIGN(
      const caffe::NetParameter net,
      ParseNetPrototxt("layer {\n  name: \"x\"\n"
                       "  vendor_param { block_height: 2 }\n"
                       "  prior_box_param { wide: 1 clip: true }\n}\n",
                       "net.prototxt", &warnings));
  EXPECT_TRUE(net.layer(0).prior_box_param().clip());
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("net.prototxt:3:3: field "
                                              "vendor_param of LayerParameter"),
                                    HasSubstr("4:21: field wide of PriorBox")));
}

TEST(PrototxtTest, RefusesBadValues) {
  ParseErrorOf("layer { pooling_param { pool: MEDIAN } }");
  ParseErrorOf("layer { convolution_param { num_output: -1 } }");
  ParseErrorOf("layer { convolution_param { num_output: 99999999999 } }");
  ParseErrorOf("layer { name: \"a\" name: \"b\" }");
  ParseErrorOf("name: \"unterminated\n");
  ParseErrorOf("");
  ParseErrorOf(" \n\t ");
  ParseErrorOf(std::string(4, '\0'));
}

TEST(PrototxtTest, RefusesDeepNesting) {
  std::string known;
  for (int i = 0; i < 200000; ++i) known += "net_param {";
  caffe::SolverParameter solver;
  EXPECT_THAT(ParsePrototxt(known, "s.prototxt", &solver),
              HasReason("PROTOTXT_PARSE"));
  std::string unknown = "layer { x_param {";
  for (int i = 0; i < 200000; ++i) unknown += "a {";
  ParseErrorOf(unknown);
  std::string lists = "layer { x_param { a: ";
  for (int i = 0; i < 200000; ++i) lists += "[";
  ParseErrorOf(lists);
}

TEST(PrototxtTest, RefusesHugeText) {
  ParseErrorOf(std::string(kMaxPrototxtBytes + 1, ' '));
}

TEST(PrototxtTest, RefusesNamesThatAreNotText) {
  for (const char* name : {"\\377", "\\n", "\\000", "\\300\\200"}) {
    EXPECT_THAT(
        ParseNetPrototxt(std::string("layer { name: \"a") + name + "\" }",
                         "net.prototxt"),
        HasReason("MODEL_INVALID"))
        << name;
  }
  EXPECT_OK(ParseNetPrototxt("layer { name: \"卷积1\" }", "net.prototxt"));
}

TEST(PrototxtTest, PrintsAsCaffeUsersWrite) {
  caffe::NetParameter net;
  caffe::LayerParameter* const layer = net.add_layer();
  layer->set_name("conv");
  layer->set_type("Convolution");
  layer->add_param()->set_lr_mult(1);
  layer->mutable_convolution_param()->add_kernel_size(3);
  layer->mutable_batch_norm_param()->set_eps(1e-5f);
  layer->mutable_batch_norm_param()->set_moving_average_fraction(0.999f);
  layer->mutable_power_param()->set_scale(0.00390625f);
  layer->mutable_power_param()->set_shift(1.07450986f);
  EXPECT_EQ(PrintPrototxt(net),
            "layer {\n"
            "  name: \"conv\"\n"
            "  type: \"Convolution\"\n"
            "  param {\n"
            "    lr_mult: 1\n"
            "  }\n"
            "  convolution_param {\n"
            "    kernel_size: 3\n"
            "  }\n"
            "  power_param {\n"
            "    scale: 0.00390625\n"
            "    shift: 1.0745099\n"
            "  }\n"
            "  batch_norm_param {\n"
            "    moving_average_fraction: 0.999\n"
            "    eps: 1e-05\n"
            "  }\n"
            "}\n");
}

TEST(PrototxtTest, UnknownFieldsOfVendorsArePrintedAgain) {
  const std::string text =
      "layer {\n"
      "  name: \"a\"\n"
      "}\n"
      "layer {\n"
      "  name: \"b\"\n"
      "  detection_output_param {\n"
      "    num_classes: 3\n"
      "    nms_param {\n"
      "      nms_threshold: 0.5\n"
      "      soft: [-1e-5, .5]\n"
      "    }\n"
      "    extra: \"x # {\" 'y'\n"
      "  }\n"
      "  vendor_param { a: -1 b < c: FOO [ext.e]: 2 > }\n"
      "  other_param: 7\n"
      "}\n";
  std::vector<std::string> warnings;
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       ParseNetPrototxt(text, "p", &warnings));
  EXPECT_EQ(warnings.size(), 4u);
  const std::string printed = PrintPrototxt(net);
  EXPECT_EQ(printed,
            "layer {\n"
            "  name: \"a\"\n"
            "}\n"
            "layer {\n"
            "  name: \"b\"\n"
            "  detection_output_param {\n"
            "    num_classes: 3\n"
            "    nms_param {\n"
            "      nms_threshold: 0.5\n"
            "      soft: [ -1e-5, .5 ]\n"
            "    }\n"
            "    extra: \"x # {\" 'y'\n"
            "  }\n"
            "  vendor_param { a: -1 b < c: FOO [ ext.e ]: 2 > }\n"
            "  other_param: 7\n"
            "}\n");
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter again,
                       ParseNetPrototxt(printed, "p"));
  EXPECT_EQ(PrintPrototxt(again), printed);
}

TEST(PrototxtTest, FloatsSurviveARoundTrip) {
  for (const float value : {1e-45f, 3.4028235e38f, 0.1f, 16777217.0f, -0.0f}) {
    caffe::PowerParameter param;
    param.set_scale(value);
    caffe::PowerParameter read;
    ASSERT_OK(ParsePrototxt(PrintPrototxt(param), "p", &read));
    EXPECT_EQ(read.SerializeAsString(), param.SerializeAsString());
  }
}

TEST(PrototxtTest, CannsOffsetsAreBytesInTextAndNumbersInMemory) {
  const char kText[] =
      "layer {\n"
      "  name: \"q\"\n"
      "  type: \"Quant\"\n"
      "  quant_param {\n"
      "    scale: 2\n"
      "    offset: \"\\200\"\n"
      "    object_layer: \"conv1\"\n"
      "  }\n"
      "}\n";
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       ParseNetPrototxt(kText, "p"));
  EXPECT_EQ(net.layer(0).quant_param().offset(), -128);
  EXPECT_EQ(PrintCannPrototxt(net), kText);
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter again,
                       ParseNetPrototxt(PrintPrototxt(net), "p"));
  EXPECT_EQ(again.SerializeAsString(), net.SerializeAsString());
  // Places of errors are those of the file.
  EXPECT_THAT(ParseNetPrototxt(
                  "layer { quant_param { offset: \"\\200\" bad: 1 } }", "p"),
              StatusIs(absl::StatusCode::kInvalidArgument, "p:1:38:"));
}

}  // namespace
}  // namespace quantd
