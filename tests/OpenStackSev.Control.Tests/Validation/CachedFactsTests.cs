using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Stories;
using OpenStackSev.Control.Validation;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Tests.Validation;

public sealed class CachedFactsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_reading_serves_all_who_wait_for_it_and_those_after_them_until_it_is_old()
    {
        var placement = new CountedPlacement();
        await using RunningControl control = await RunningControl.StartAsync(services: placement.Map);
        CachedFacts facts = control.App.Services.GetRequiredService<CachedFacts>();
        var gate = new TaskCompletionSource();
        placement.Gate = gate.Task;
        Task<CloudFacts?>[] waiting = [.. Enumerable.Range(0, 20).Select(_ => facts.GetAsync(Ct))];
        gate.SetResult();
        CloudFacts?[] read = await Task.WhenAll(waiting);
        Assert.Single(read.Distinct());
        Assert.Equal(1, placement.Readings);

        control.Time.Advance(CachedFacts.MaximumAge - TimeSpan.FromTicks(1));
        Assert.Same(read[0], await facts.GetAsync(Ct));
        control.Time.Advance(TimeSpan.FromTicks(1));
        Assert.NotSame(read[0], await facts.GetAsync(Ct));
        Assert.Equal(2, placement.Readings);
    }

    [Fact]
    public async Task A_reading_that_fails_is_not_kept()
    {
        var placement = new CountedPlacement();
        await using RunningControl control = await RunningControl.StartAsync(services: placement.Map);
        CachedFacts facts = control.App.Services.GetRequiredService<CachedFacts>();
        placement.Fails = true;
        await Assert.ThrowsAsync<OpenStackApiException>(() => facts.GetAsync(Ct));
        placement.Fails = false;
        Assert.NotNull(await facts.GetAsync(Ct));
    }

    [Fact]
    public async Task Who_gives_up_cancels_the_reading_for_nobody_else()
    {
        var placement = new CountedPlacement();
        await using RunningControl control = await RunningControl.StartAsync(services: placement.Map);
        CachedFacts facts = control.App.Services.GetRequiredService<CachedFacts>();
        var gate = new TaskCompletionSource();
        placement.Gate = gate.Task;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task<CloudFacts?> impatient = facts.GetAsync(patience.Token), patient = facts.GetAsync(Ct);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        gate.SetResult();
        Assert.NotNull(await patient);
        Assert.Equal(1, placement.Readings);
    }

    /// <summary>The stories' cloud, with a door before Placement that counts.</summary>
    private sealed class CountedPlacement
    {
        private int readings;

        public Task Gate { get; set; } = Task.CompletedTask;
        public bool Fails { get; set; }

        /// <summary>Every reading asks for the traits once.</summary>
        public int Readings => Volatile.Read(ref readings);

        public void Map(WebApplication app)
        {
            app.Use(async (context, next) =>
            {
                if (context.Request.Path == "/placement/traits")
                {
                    Interlocked.Increment(ref readings);
                    await Gate;
                    if (Fails)
                    {
                        context.Response.StatusCode = StatusCodes.Status400BadRequest;
                        return;
                    }
                }

                await next(context);
            });
            StoryCloud.Map(app);
        }
    }
}
