using System.Net;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Guest.Handover;
using OpenStackSev.Guest.Instructions;
using OpenStackSev.Guest.Reports;
using OpenStackSev.Guest.Rounds;
using OpenStackSev.Guest.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Rounds;

/// <summary>When rounds are, what each failure costs, and that nothing of it gives the ticket away.</summary>
public sealed class RoundLoopTests : IDisposable
{
    private const int Found = 5001, Result = 5003, Failed = 5004, NotWritten = 5005;

    private readonly AwaitedTime time = new();
    private readonly FakeConfigfs configfs = new();
    private readonly FakeControlPlane control = new();
    private readonly Logs logs = new();
    private readonly TemporaryFolder folder = new();
    private readonly GuestState state = new();
    private readonly Nudge nudge = new();
    private readonly GuestKey key = new();
    private readonly RoundLoop loop;
    private readonly CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private Func<FoundInstructions> search = () => new FoundInstructions(Given.Instructions, "here");
    private int searches;
    private Task running = Task.CompletedTask;

    public RoundLoopTests() => loop = new RoundLoop(
        _ =>
        {
            searches++;
            return Task.FromResult(search());
        },
        _ => control.Connect(), new AttestationRound(new ConfigfsTsm(configfs, time), key, time), new TokenFile(folder.At("token")), state, nudge, time,
        new Random(1), logs.For<RoundLoop>());

    public void Dispose()
    {
        stop.Cancel();
        loop.Dispose();
        key.Dispose();
        control.Dispose();
        folder.Dispose();
        stop.Dispose();
    }

    [Fact]
    public async Task A_round_answers_the_challenge_with_the_key_and_hands_the_token_over()
    {
        Start();
        await UntilAsync(() => state.Result is not null);
        Assert.Equal(["/v1/challenges", "/v1/evidence"], control.Calls);
        Assert.Equal(key.PublicKey, control.Taken.Single().PublicKey);
        Assert.Equal([1, 2, 3], control.Taken.Single().Certificates!);
        await UntilAsync(() => File.Exists(folder.At("token")));
    }

    [Fact]
    public async Task Rounds_are_when_the_control_plane_wants_them_and_only_a_new_result_is_told()
    {
        control.NextRoundIn = 900;
        Start();
        await UntilAsync(() => control.Taken.Count == 1);
        DateTimeOffset began = time.GetUtcNow();
        await UntilAsync(() => control.Taken.Count == 3);
        Assert.InRange((time.GetUtcNow() - began).TotalSeconds, 1800, 1862);
        Assert.Equal((1, 1), (searches, logs.Count(Result)));
        (control.Verdict, control.Findings) = ("contraindicated", ["snp.tcb.minimum"]);
        await UntilAsync(() => logs.Count(Result) == 2);
        Assert.Contains("contraindicated; against it speaks snp.tcb.minimum", logs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_is_told_once_asked_again_later_and_later_and_forgotten_when_it_is_over()
    {
        control.Instead = _ => FakeControlPlane.Refusal(HttpStatusCode.ServiceUnavailable, "attestation.storage.unavailable");
        Start();
        DateTimeOffset began = time.GetUtcNow();
        await UntilAsync(() => control.Calls.Count == 7);
        Assert.InRange((time.GetUtcNow() - began).TotalSeconds, 63, 137);
        Assert.Equal(1, logs.Count(Failed));
        Assert.Equal("attestation.storage.unavailable", state.Failing!.Code);
        control.Instead = null;
        await UntilAsync(() => state.Result is not null);
        await UntilAsync(() => logs.Count(Result) == 1);
        Assert.Null(state.Failing);
    }

    [Theory, InlineData(HttpStatusCode.TooManyRequests), InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task Who_asks_to_be_left_alone_is_left_alone_also_when_nudged(HttpStatusCode status)
    {
        control.Instead = _ => FakeControlPlane.Refusal(status, "attestation.request.too_many", retryAfter: TimeSpan.FromSeconds(120));
        Start();
        DateTimeOffset began = time.GetUtcNow();
        await UntilAsync(() => control.Calls.Count == 1);
        nudge.Set();
        await UntilAsync(() => control.Calls.Count == 2);
        Assert.InRange((time.GetUtcNow() - began).TotalSeconds, 120, 140);
    }

    [Fact]
    public async Task A_nudge_starts_a_round_at_once_and_only_one()
    {
        control.NextRoundIn = 3600;
        Start();
        await UntilAsync(() => control.Taken.Count == 1);
        DateTimeOffset began = time.GetUtcNow();
        nudge.Set();
        await Given.EventuallyAsync(() => control.Taken.Count == 2);
        Assert.Equal(began, time.GetUtcNow());
        await UntilAsync(() => control.Taken.Count == 3);
        Assert.True((time.GetUtcNow() - began).TotalSeconds >= 3600);
    }

    [Fact]
    public async Task A_ticket_that_is_refused_is_looked_for_again()
    {
        control.Ticket = "another";
        Start();
        await UntilAsync(() => searches == 3);
        Assert.Equal("attestation.ticket.invalid", state.Failing!.Code);
        search = () => new FoundInstructions(Given.Instructions with { Ticket = "another" }, "there");
        await UntilAsync(() => state.Result is not null);
    }

    [Fact]
    public async Task A_control_plane_that_is_away_is_looked_for_again_now_and_then()
    {
        control.Broken = _ => new HttpRequestException(HttpRequestError.ConnectionError, "refused");
        Start();
        await UntilAsync(() => control.Calls.Count == 17);
        Assert.Equal(3, searches);
        Assert.Equal(ControlCodes.Unreachable, state.Failing!.Code);
    }

    [Fact]
    public async Task Instructions_that_are_not_there_yet_are_waited_for()
    {
        search = () => throw new InstructionsException(InstructionsCodes.Absent, "nothing");
        Start();
        await UntilAsync(() => searches == 5);
        Assert.Equal((1, 0, InstructionsCodes.Absent), (logs.Count(Failed), logs.Count(Found), state.Failing!.Code));
        search = () => new FoundInstructions(Given.Instructions, "here");
        await UntilAsync(() => state.Result is not null);
    }

    [Fact]
    public async Task A_result_that_was_lost_on_its_way_costs_another_challenge_and_nothing_else()
    {
        control.LostResults = 2;
        Start();
        await UntilAsync(() => state.Result is not null);
        Assert.Equal(3, control.Taken.Select(evidence => evidence.Challenge).Distinct().Count());
    }

    [Fact]
    public async Task One_killed_between_challenge_and_evidence_is_followed_by_one_that_answers_the_same_challenge_with_its_own_key()
    {
        control.Broken = path => path == "/v1/evidence" ? new HttpRequestException(HttpRequestError.ConnectionError, "killed") : null;
        Assert.NotNull(await loop.RoundAsync(stop.Token));
        control.Broken = null;
        using var otherKey = new GuestKey();
        using var other = new RoundLoop(_ => Task.FromResult(search()), _ => control.Connect(), new AttestationRound(new ConfigfsTsm(configfs, time), otherKey, time), null,
            new GuestState(), new Nudge(), time, new Random(1), logs.For<RoundLoop>());
        Assert.Null(await other.RoundAsync(stop.Token));
        Assert.Equal(otherKey.PublicKey, control.Taken.Single().PublicKey);
    }

    [Fact]
    public async Task A_token_of_an_earlier_process_is_taken_away_at_start()
    {
        await File.WriteAllTextAsync(folder.At("token"), "old", stop.Token);
        control.Instead = _ => FakeControlPlane.Refusal(HttpStatusCode.ServiceUnavailable, "attestation.storage.unavailable");
        Start();
        await UntilAsync(() => control.Calls.Count == 1);
        Assert.False(File.Exists(folder.At("token")));
    }

    [Fact]
    public async Task A_token_is_taken_away_when_it_ends_while_rounds_fail_and_when_a_result_has_none()
    {
        control.TokenExpiresIn = 400;
        Start();
        await UntilAsync(() => File.Exists(folder.At("token")));
        DateTimeOffset began = time.GetUtcNow();
        control.Broken = _ => new HttpRequestException(HttpRequestError.ConnectionError, "refused");
        await UntilAsync(() => !File.Exists(folder.At("token")));
        Assert.InRange((time.GetUtcNow() - began).TotalSeconds, 399, 402);
        (control.Broken, control.TokenExpiresIn) = (null, 4000);
        await UntilAsync(() => File.Exists(folder.At("token")));
        (control.Token, control.Verdict) = (null, "contraindicated");
        await UntilAsync(() => !File.Exists(folder.At("token")));
        Assert.Equal("contraindicated", state.Result!.Answer.Verdict);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_does_not_stop_the_rounds()
    {
        Directory.CreateDirectory(folder.At("token.new"));
        Start();
        await UntilAsync(() => control.Taken.Count == 2);
        Assert.True(logs.Count(NotWritten) > 0);
    }

    [Fact]
    public async Task A_report_that_takes_longer_than_the_challenge_holds_is_not_sent()
    {
        control.ExpiresIn = 5;
        configfs.Refuse("outblob", Errno.Busy, times: 12);
        Task<RoundFailure?> round = loop.RoundAsync(stop.Token);
        Assert.NotNull(await time.DoneAsync(round));
        Assert.Equal(ReportCodes.Busy, state.Failing!.Code);
        Assert.Equal(["/v1/challenges"], control.Calls);
    }

    [Theory]
    [InlineData("""{"id":"ID","instance":"OTHER","nonce":"NONCE","expires_in":60}""")]
    [InlineData("""{"id":"ID","instance":"INSTANCE","nonce":"AAAA","expires_in":60}""")]
    [InlineData("""{"id":"ID","instance":"INSTANCE","nonce":"NONCE","expires_in":0}""")]
    [InlineData("""{"id":"ID","instance":"INSTANCE","nonce":"NONCE","expires_in":-1}""")]
    [InlineData("""{"id":"ID","instance":"INSTANCE","nonce":"NONCE","expires_in":2147483647}""")]
    [InlineData("""{"id":"ID","instance":"INSTANCE","nonce":null,"expires_in":60}""")]
    [InlineData("""{"id":"ID","instance":"INSTANCE","nonce":"NONCE","expires_in":1e9}""")]
    [InlineData("null"), InlineData("[]"), InlineData(""), InlineData("<html>captive portal</html>"), InlineData("{}")]
    public async Task A_challenge_that_is_not_for_us_gets_no_report(string body)
    {
        control.Instead = _ => FakeControlPlane.Json(body.Replace("ID", Guid.NewGuid().ToString(), StringComparison.Ordinal).Replace("OTHER", Guid.NewGuid().ToString(), StringComparison.Ordinal)
            .Replace("INSTANCE", Given.Instance.ToString(), StringComparison.Ordinal).Replace("NONCE", Convert.ToBase64String(new byte[32]), StringComparison.Ordinal));
        Assert.NotNull(await loop.RoundAsync(stop.Token));
        Assert.Equal(0, configfs.Made);
        Assert.Contains(state.Failing!.Code, new[] { ControlCodes.MalformedChallenge, Api.ClientCodes.MalformedAnswer });
    }

    [Theory]
    [InlineData("""{"verdict":"trusted","findings":[],"next_round_in":60}""")]
    [InlineData("""{"verdict":"AFFIRMING","findings":[],"next_round_in":60}""")]
    [InlineData("""{"verdict":"affirming","findings":["two\nlines"],"next_round_in":60}""")]
    [InlineData("""{"verdict":"affirming","findings":[""],"next_round_in":60}""")]
    [InlineData("""{"verdict":"affirming","findings":[null],"next_round_in":60}""")]
    [InlineData("""{"verdict":"affirming","findings":null,"next_round_in":60}""")]
    [InlineData("""{"verdict":"affirming","findings":[],"next_round_in":60,"token":"a.b","token_expires_in":60}""")]
    [InlineData("""{"verdict":"affirming","findings":[],"next_round_in":60,"token":"a.b.c\nd","token_expires_in":60}""")]
    [InlineData("""{"verdict":"affirming","findings":[],"next_round_in":60,"token":"a..c","token_expires_in":60}""")]
    [InlineData("""{"verdict":"affirming","findings":[],"next_round_in":60,"token":"a.b.c"}""")]
    [InlineData("""{"verdict":"affirming","findings":[],"next_round_in":60,"token":"a.b.c","token_expires_in":0}""")]
    [InlineData("""{"verdict":"affirming","findings":[],"next_round_in":60,"token":"a.b.c","token_expires_in":2147483647}""")]
    [InlineData("""{"verdict":"affirming","findings":[],"next_round_in":"soon"}""")]
    [InlineData("""{"verdict":"affirming","verdict":"none","findings":[],"next_round_in":60}""")]
    [InlineData("null"), InlineData("{}"), InlineData("affirming")]
    public async Task A_result_that_is_none_is_not_believed(string body)
    {
        control.Instead = path => path == "/v1/evidence" ? FakeControlPlane.Json(body) : null;
        Assert.NotNull(await loop.RoundAsync(stop.Token));
        Assert.Null(state.Result);
        Assert.False(File.Exists(folder.At("token")));
        Assert.Contains(state.Failing!.Code, new[] { ControlCodes.MalformedResult, Api.ClientCodes.MalformedAnswer });
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off()
    {
        control.Instead = _ => FakeControlPlane.Json(new string(' ', 65 * 1024) + "{}");
        Assert.NotNull(await loop.RoundAsync(stop.Token));
        Assert.Equal(0, configfs.Made);
    }

    [Fact]
    public async Task The_ticket_is_in_no_log_and_no_message_whatever_the_other_side_repeats()
    {
        string body = $$"""{"{{Given.Ticket}}":"{{Given.Ticket}}"}""";
        HttpResponseMessage[] answers =
        [
            FakeControlPlane.Refusal(HttpStatusCode.Unauthorized, Given.Ticket, $"Bearer {Given.Ticket}"), FakeControlPlane.Json(body), FakeControlPlane.Json(Given.Ticket),
            FakeControlPlane.Json(HttpStatusCode.BadGateway, System.Text.Encoding.UTF8.GetBytes(Given.Ticket)), new(HttpStatusCode.Found) { Headers = { Location = new Uri("https://x/" + Given.Ticket) } },
            new(HttpStatusCode.InternalServerError) { ReasonPhrase = Given.Ticket, Headers = { { "X-Openstack-Request-Id", Given.Ticket } } },
        ];
        foreach (HttpResponseMessage answer in answers)
        {
            control.Instead = _ => answer;
            Assert.NotNull(await loop.RoundAsync(stop.Token));
            Assert.DoesNotContain(Given.Ticket, $"{state.Failing} {state.Instructions} {logs.Text}", StringComparison.Ordinal);
        }

        Assert.Equal(3, logs.Count(Failed));
    }

    private void Start() => running = loop.RunAsync(stop.Token);

    private Task UntilAsync(Func<bool> reached) => time.UntilAsync(() => running.IsFaulted ? throw running.Exception! : reached());
}
