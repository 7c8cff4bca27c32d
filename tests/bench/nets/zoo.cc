#include "tests/bench/nets/zoo.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/nets/net_writer.h"

namespace quantd::testing {
namespace {

using caffe::NetParameter;

// SqueezeNet ----------------------------------------------------------------

std::string Fire(NetWriter* net, const std::string& name,
                 const std::string& bottom, int squeeze, int expand) {
  const std::string s =
      net->ConvRelu(name + "/squeeze1x1", bottom, {squeeze, 1});
  const std::string a = net->ConvRelu(name + "/expand1x1", s, {expand, 1});
  const std::string b =
      net->ConvRelu(name + "/expand3x3", s, {expand, 3, 1, 1});
  return net->Concat(name + "/concat", {a, b});
}

std::string SqueezeNetTail(NetWriter* net, std::string x) {
  x = net->Dropout(x);
  x = net->ConvRelu("conv10", x, {1000, 1});
  return net->Softmax("prob", net->GlobalAverage("pool10", x));
}

NetParameter SqueezeNet10(int64_t batch) {
  NetWriter net("squeezenet_v1.0", {batch, 3, 227, 227});
  std::string x = net.ConvRelu("conv1", "data", {96, 7, 2});
  x = net.MaxPool("pool1", x, {3, 2});
  x = Fire(&net, "fire2", x, 16, 64);
  x = Fire(&net, "fire3", x, 16, 64);
  x = Fire(&net, "fire4", x, 32, 128);
  x = net.MaxPool("pool4", x, {3, 2});
  x = Fire(&net, "fire5", x, 32, 128);
  x = Fire(&net, "fire6", x, 48, 192);
  x = Fire(&net, "fire7", x, 48, 192);
  x = Fire(&net, "fire8", x, 64, 256);
  x = net.MaxPool("pool8", x, {3, 2});
  x = Fire(&net, "fire9", x, 64, 256);
  SqueezeNetTail(&net, x);
  return net.net();
}

NetParameter SqueezeNet11(int64_t batch) {
  NetWriter net("squeezenet_v1.1", {batch, 3, 227, 227});
  std::string x = net.ConvRelu("conv1", "data", {64, 3, 2});
  x = net.MaxPool("pool1", x, {3, 2});
  x = Fire(&net, "fire2", x, 16, 64);
  x = Fire(&net, "fire3", x, 16, 64);
  x = net.MaxPool("pool3", x, {3, 2});
  x = Fire(&net, "fire4", x, 32, 128);
  x = Fire(&net, "fire5", x, 32, 128);
  x = net.MaxPool("pool5", x, {3, 2});
  x = Fire(&net, "fire6", x, 48, 192);
  x = Fire(&net, "fire7", x, 48, 192);
  x = Fire(&net, "fire8", x, 64, 256);
  x = Fire(&net, "fire9", x, 64, 256);
  SqueezeNetTail(&net, x);
  return net.net();
}

// MobileNet -----------------------------------------------------------------

struct Separable {
  int inputs;
  int outputs;
  int stride;
};

// Depthwise 3x3, then 1x1.
std::string SeparableConv(NetWriter* net, const std::string& name,
                          const std::string& bottom, const Separable& s) {
  const std::string x = net->ConvBnRelu(name + "/dw", bottom,
                                        {s.inputs, 3, s.stride, 1, s.inputs});
  return net->ConvBnRelu(name + "/sep", x, {s.outputs, 1});
}

// The trunk of MobileNet v1; `at_11` becomes the last blob of stride 16.
std::string MobileNetTrunk(NetWriter* net, std::string* at_11) {
  static constexpr Separable kBlocks[] = {
      {32, 64, 1},    {64, 128, 2},  {128, 128, 1}, {128, 256, 2},
      {256, 256, 1},  {256, 512, 2}, {512, 512, 1}, {512, 512, 1},
      {512, 512, 1},  {512, 512, 1}, {512, 512, 1}, {512, 1024, 2},
      {1024, 1024, 1}};
  std::string x = net->ConvBnRelu("conv0", "data", {32, 3, 2, 1});
  int index = 1;
  for (const Separable& block : kBlocks) {
    if (block.outputs == 1024 && block.stride == 2) *at_11 = x;
    x = SeparableConv(net, absl::StrCat("conv", index++), x, block);
  }
  return x;
}

NetParameter MobileNetV1(int64_t batch) {
  NetWriter net("mobilenet_v1", {batch, 3, 224, 224});
  std::string at_11;
  std::string x = MobileNetTrunk(&net, &at_11);
  x = net.GlobalAverage("pool6", x);
  net.Softmax("prob", net.Convolution("fc7", x, {1000, 1}));
  return net.net();
}

NetParameter MobileNetV2(int64_t batch) {
  struct Stage {
    int expansion, outputs, repeat, stride;
  };
  static constexpr Stage kStages[] = {
      {1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
      {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  NetWriter net("mobilenet_v2", {batch, 3, 224, 224});
  std::string x = net.ConvBnRelu("conv1", "data", {32, 3, 2, 1});
  int inputs = 32;
  int index = 2;
  for (const Stage& stage : kStages) {
    for (int i = 0; i < stage.repeat; ++i) {
      const std::string name = absl::StrCat("conv", index, "_", i + 1);
      const int stride = i == 0 ? stage.stride : 1;
      const int inner = inputs * stage.expansion;
      std::string y = x;
      if (stage.expansion > 1) {
        y = net.ConvBnRelu(name + "/expand", y, {inner, 1});
      }
      y = net.ConvBnRelu(name + "/dwise", y, {inner, 3, stride, 1, inner});
      y = net.ConvBn(name + "/linear", y, {stage.outputs, 1});
      const bool adds = stride == 1 && inputs == stage.outputs;
      x = adds ? net.Add("block_" + name, x, y) : y;
      inputs = stage.outputs;
    }
    ++index;
  }
  x = net.ConvBnRelu("conv_last", x, {1280, 1});
  x = net.GlobalAverage("pool6", x);
  net.Softmax("prob", net.Convolution("fc7", x, {1000, 1}));
  return net.net();
}

// Single-shot detector on MobileNet v1, 300x300: trunk, extra layers and heads
// up to the joined locations and confidences.
NetParameter MobileNetSsd(int64_t batch) {
  NetWriter net("mobilenet_ssd", {batch, 3, 300, 300});
  std::string at_11;
  std::string x = MobileNetTrunk(&net, &at_11);
  std::vector<std::string> sources = {at_11, x};
  int index = 14;
  for (const int outputs : {512, 256, 256, 128}) {
    const std::string name = absl::StrCat("conv", index++);
    x = net.ConvBnRelu(name + "_1", x, {outputs / 2, 1});
    x = net.ConvBnRelu(name + "_2", x, {outputs, 3, 2, 1});
    sources.push_back(x);
  }
  std::vector<std::string> locations, confidences;
  for (const std::string& source : sources) {
    const int boxes = source == at_11 ? 3 : 6;
    const std::string loc =
        net.Convolution(source + "/loc", source, {4 * boxes, 1});
    const std::string conf =
        net.Convolution(source + "/conf", source, {21 * boxes, 1});
    locations.push_back(net.Flatten(loc + "_flat", loc));
    confidences.push_back(net.Flatten(conf + "_flat", conf));
  }
  net.Concat("mbox_loc", locations);
  net.Concat("mbox_conf", confidences);
  return net.net();
}

// ResNet --------------------------------------------------------------------

std::string ResNetStem(NetWriter* net) {
  const std::string x = net->ConvBnRelu("conv1", "data", {64, 7, 2, 3});
  return net->MaxPool("pool1", x, {3, 2});
}

void ResNetTail(NetWriter* net, const std::string& x) {
  const std::string pooled = net->GlobalAverage("pool5", x);
  net->Softmax("prob", net->InnerProduct("fc1000", pooled, 1000));
}

NetParameter ResNet18(int64_t batch) {
  NetWriter net("resnet18", {batch, 3, 224, 224});
  std::string x = ResNetStem(&net);
  int width = 64;
  for (int stage = 2; stage <= 5; ++stage, width *= 2) {
    for (const char block : {'a', 'b'}) {
      const std::string name =
          absl::StrCat("res", stage, std::string(1, block));
      const int stride = stage > 2 && block == 'a' ? 2 : 1;
      const std::string shortcut =
          stride == 1 ? x
                      : net.ConvBn(name + "_branch1", x, {width, 1, stride});
      std::string y =
          net.ConvBnRelu(name + "_branch2a", x, {width, 3, stride, 1});
      y = net.ConvBn(name + "_branch2b", y, {width, 3, 1, 1});
      x = net.Relu(net.Add(name, shortcut, y));
    }
  }
  ResNetTail(&net, x);
  return net.net();
}

NetParameter ResNet50(int64_t batch) {
  static constexpr int kBlocks[] = {3, 4, 6, 3};
  NetWriter net("resnet50", {batch, 3, 224, 224});
  std::string x = ResNetStem(&net);
  int width = 64;
  for (int stage = 2; stage <= 5; ++stage, width *= 2) {
    for (int i = 0; i < kBlocks[stage - 2]; ++i) {
      const std::string name = absl::StrCat(
          "res", stage, std::string(1, static_cast<char>('a' + i)));
      const int stride = stage > 2 && i == 0 ? 2 : 1;
      const std::string shortcut =
          i > 0 ? x : net.ConvBn(name + "_branch1", x, {4 * width, 1, stride});
      std::string y = net.ConvBnRelu(name + "_branch2a", x, {width, 1, stride});
      y = net.ConvBnRelu(name + "_branch2b", y, {width, 3, 1, 1});
      y = net.ConvBn(name + "_branch2c", y, {4 * width, 1});
      x = net.Relu(net.Add(name, shortcut, y));
    }
  }
  ResNetTail(&net, x);
  return net.net();
}

// The others ----------------------------------------------------------------

NetParameter Vgg16(int64_t batch) {
  static constexpr int kConvs[] = {2, 2, 3, 3, 3};
  static constexpr int kWidths[] = {64, 128, 256, 512, 512};
  NetWriter net("vgg16", {batch, 3, 224, 224});
  std::string x = "data";
  for (int stage = 0; stage < 5; ++stage) {
    for (int i = 0; i < kConvs[stage]; ++i) {
      x = net.ConvRelu(absl::StrCat("conv", stage + 1, "_", i + 1), x,
                       {kWidths[stage], 3, 1, 1});
    }
    x = net.MaxPool(absl::StrCat("pool", stage + 1), x, {2, 2});
  }
  x = net.Dropout(net.Relu(net.InnerProduct("fc6", x, 4096)));
  x = net.Dropout(net.Relu(net.InnerProduct("fc7", x, 4096)));
  net.Softmax("prob", net.InnerProduct("fc8", x, 1000));
  return net.net();
}

// Tiny YOLO v2 up to its raw output: leaky ReLU.
NetParameter TinyYolo(int64_t batch) {
  NetWriter net("tiny_yolo_v2", {batch, 3, 416, 416});
  std::string x = "data";
  int index = 1;
  const auto conv = [&](int outputs) {
    const std::string name = absl::StrCat("conv", index++);
    x = net.Relu(net.ConvBn(name, x, {outputs, 3, 1, 1}), 0.1f);
  };
  for (const int outputs : {16, 32, 64, 128, 256}) {
    conv(outputs);
    x = net.MaxPool(absl::StrCat("pool", index - 1), x, {2, 2});
  }
  for (const int outputs : {512, 1024, 1024}) conv(outputs);
  net.Convolution("region", x, {125, 1});
  return net.net();
}

struct Entry {
  const char* name;
  NetParameter (*make)(int64_t batch);
};

constexpr Entry kZoo[] = {
    {"squeezenet_v1.0", SqueezeNet10},
    {"squeezenet_v1.1", SqueezeNet11},
    {"mobilenet_v1", MobileNetV1},
    {"mobilenet_v2", MobileNetV2},
    {"resnet18", ResNet18},
    {"resnet50", ResNet50},
    {"vgg16", Vgg16},
    {"mobilenet_ssd", MobileNetSsd},
    {"tiny_yolo_v2", TinyYolo},
};

}  // namespace

const std::vector<std::string>& ZooNames() {
  static const auto* const names = [] {
    auto* all = new std::vector<std::string>;
    for (const Entry& entry : kZoo) all->push_back(entry.name);
    return all;
  }();
  return *names;
}

absl::StatusOr<NetParameter> ZooNet(const std::string& name, int64_t batch) {
  for (const Entry& entry : kZoo) {
    if (name == entry.name) return entry.make(batch);
  }
  return absl::NotFoundError(absl::StrCat("no net \"", name, "\" in the zoo"));
}

}  // namespace quantd::testing
