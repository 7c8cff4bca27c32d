#include "engine/train/solver.h"

#include <cmath>
#include <limits>

#include "base/testing/status_matchers.h"
#include "engine/layers/registry.h"
#include "engine/model/caffemodel.h"
#include "engine/train/solver_param.h"
#include "engine/train/solver_state.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Two classes from two inputs.
constexpr char kNet[] = R"(
    layer { name: 'x' type: 'Input' top: 'x'
            input_param { shape { dim: 4 dim: 2 } } }
    layer { name: 'label' type: 'Input' top: 'label'
            input_param { shape { dim: 4 } } }
    layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip'
            inner_product_param {
              num_output: 2 weight_filler { type: 'xavier' } } }
    layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label'
            top: 'loss' }
    layer { name: 'accuracy' type: 'Accuracy' bottom: 'ip' bottom: 'label'
            top: 'accuracy' include { phase: TEST } })";

class Recorder : public SolverObserver {
 public:
  absl::Status OnIteration(int iter, double loss, float) override {
    losses.push_back(loss);
    return absl::OkStatus();
  }
  absl::Status OnTest(int iter, const std::vector<SolverTestOutput>&) override {
    tests.push_back(iter);
    return absl::OkStatus();
  }
  absl::Status OnSnapshot(SolverSnapshot snapshot) override {
    snapshots.push_back(std::move(snapshot));
    return absl::OkStatus();
  }
  bool StopRequested() override {
    return static_cast<int>(losses.size()) >= stop_after;
  }

  int stop_after = std::numeric_limits<int>::max();
  std::vector<double> losses;
  std::vector<int> tests;
  std::vector<SolverSnapshot> snapshots;
};

void FillInputs(Net* net) {
  const std::vector<float> x = {1, 0, 0.5f, 1, -1, 0, -0.5f, -1};
  const std::vector<float> labels = {0, 0, 1, 1};
  std::copy(x.begin(), x.end(), (*net->MutableBlob("x"))->data());
  std::copy(labels.begin(), labels.end(), (*net->MutableBlob("label"))->data());
}

std::unique_ptr<Solver> MakeSolver(const std::string& text) {
  auto param = ParseSolver(
      "net: 'net' base_lr: 0.5 lr_policy: 'fixed' snapshot_prefix: 'n' " + text,
      "solver.prototxt");
  EXPECT_OK(param);
  auto nets = LoadSolverNets(*param, [](const std::string&) {
    return absl::StatusOr<std::string>(kNet);
  });
  EXPECT_OK(nets);
  auto solver = Solver::Create(*param, *nets, MakeLayer, {});
  EXPECT_OK(solver);
  FillInputs((*solver)->net());
  return std::move(solver).value();
}

TEST(SolverTest, LearnsWhatIsSeparable) {
  auto solver = MakeSolver("max_iter: 100");
  Recorder recorder;
  ASSERT_OK(solver->Solve(&recorder));
  EXPECT_THAT(recorder.losses, SizeIs(100));
  EXPECT_LT(recorder.losses.back(), 0.2 * recorder.losses.front());
  ASSERT_THAT(recorder.snapshots, SizeIs(1));
  EXPECT_EQ(recorder.snapshots[0].model_name, "n_iter_100.caffemodel");
  EXPECT_EQ(recorder.snapshots[0].state_name, "n_iter_100.solverstate");
}

TEST(SolverTest, TestsAndSnapshotsWhenDue) {
  auto solver =
      MakeSolver("max_iter: 10 snapshot: 4 test_iter: 1 test_interval: 5");
  Recorder recorder;
  ASSERT_OK(solver->Solve(&recorder));
  EXPECT_THAT(recorder.tests, ElementsAre(0, 5, 10));
  EXPECT_THAT(recorder.snapshots, SizeIs(3));
  auto quiet = MakeSolver(
      "max_iter: 2 snapshot_after_train: false test_initialization: false "
      "test_iter: 1 test_interval: 5");
  Recorder second;
  ASSERT_OK(quiet->Solve(&second));
  EXPECT_THAT(second.tests, SizeIs(0));
  EXPECT_THAT(second.snapshots, SizeIs(0));
}

TEST(SolverTest, AResumedRunEndsInTheSameBytes) {
  for (const char* type :
       {"type: 'SGD' momentum: 0.9", "type: 'Adam' momentum: 0.9",
        "type: 'AdaDelta' momentum: 0.95 snapshot_format: HDF5"}) {
    const std::string text = std::string("max_iter: 8 snapshot: 4 ") + type;
    auto whole = MakeSolver(text);
    Recorder recorder;
    ASSERT_OK(whole->Solve(&recorder));
    ASSERT_THAT(recorder.snapshots, SizeIs(2));
    const auto state = ParseSolverState(recorder.snapshots[0].state, "state");
    ASSERT_OK(state);
    const auto model = ParseCaffemodel(recorder.snapshots[0].model, "model");
    ASSERT_OK(model);
    auto resumed = MakeSolver(text);
    ASSERT_OK(resumed->Restore(*state, *model));
    EXPECT_EQ(resumed->iter(), 4);
    Recorder second;
    ASSERT_OK(resumed->Solve(&second));
    ASSERT_THAT(second.snapshots, SizeIs(1));
    EXPECT_EQ(second.snapshots[0].model, recorder.snapshots[1].model) << type;
    EXPECT_EQ(second.snapshots[0].state, recorder.snapshots[1].state) << type;
  }
}

TEST(SolverTest, AStateOfAnotherSolverIsRefused) {
  auto sgd = MakeSolver("max_iter: 1");
  Recorder recorder;
  ASSERT_OK(sgd->Solve(&recorder));
  const auto state = ParseSolverState(recorder.snapshots[0].state, "state");
  const auto model = ParseCaffemodel(recorder.snapshots[0].model, "model");
  auto adam = MakeSolver("max_iter: 1 type: 'Adam' momentum: 0.9");
  EXPECT_THAT(adam->Restore(*state, *model), HasReason("SOLVERSTATE_MISMATCH"));
}

TEST(SolverTest, IterSizeAveragesBatches) {
  auto once = MakeSolver("max_iter: 3 momentum: 0.9");
  auto thrice = MakeSolver("max_iter: 3 momentum: 0.9 iter_size: 3");
  Recorder a, b;
  ASSERT_OK(once->Solve(&a));
  ASSERT_OK(thrice->Solve(&b));
  for (size_t i = 0; i < a.losses.size(); ++i) {
    EXPECT_NEAR(a.losses[i], b.losses[i], 1e-5);
  }
}

TEST(SolverTest, ClippingShortensTheGradient) {
  auto solver = MakeSolver("max_iter: 1 clip_gradients: 0.001");
  const auto& weights = solver->net()->params()[0].value;
  const std::vector<float> before(weights.values().begin(),
                                  weights.values().end());
  Recorder recorder;
  ASSERT_OK(solver->Solve(&recorder));
  double squares = 0;
  for (const Net::Param& param : solver->net()->params()) {
    for (float step : param.diff.values()) squares += step * step;
  }
  EXPECT_NEAR(std::sqrt(squares), 0.5 * 0.001, 1e-7);
}

TEST(SolverTest, AStopRequestEndsWithASnapshot) {
  auto solver = MakeSolver("max_iter: 100");
  Recorder recorder;
  recorder.stop_after = 3;
  ASSERT_OK(solver->Solve(&recorder));
  EXPECT_EQ(solver->iter(), 3);
  ASSERT_THAT(recorder.snapshots, SizeIs(1));
  EXPECT_EQ(recorder.snapshots[0].model_name, "n_iter_3.caffemodel");
}

TEST(SolverTest, TestNetsSeeTheTrainedWeights) {
  auto solver = MakeSolver("max_iter: 50 test_iter: 2 test_interval: 1000");
  Recorder recorder;
  ASSERT_OK(solver->Solve(&recorder));
  const auto outputs = solver->Test(nullptr);
  ASSERT_OK(outputs);
  // The test net's inputs are zeros: the loss is that of the biases.
  ASSERT_THAT(*outputs, SizeIs(2));
  EXPECT_EQ((*outputs)[0].blob, "accuracy");
  EXPECT_EQ((*outputs)[1].blob, "loss");
  EXPECT_GT((*outputs)[1].value, 0);
}

TEST(SolverTest, ALossThatIsNotFiniteEndsTraining) {
  auto solver = MakeSolver("max_iter: 2");
  (*solver->net()->MutableBlob("x"))->data()[0] =
      std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(solver->Step(nullptr), HasReason("TRAINING_DIVERGED"));
}

}  // namespace
}  // namespace quantd
