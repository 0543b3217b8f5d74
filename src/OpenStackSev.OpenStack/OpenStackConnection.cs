using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpenStackSev.OpenStack.Glance;
using OpenStackSev.OpenStack.Heat;
using OpenStackSev.OpenStack.Http;
using OpenStackSev.OpenStack.Keystone;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.OpenStack.Placement;
using Refit;

namespace OpenStackSev.OpenStack;

/// <summary>One cloud, as one user: its services, with a token that renews itself. Nothing is sent before the first call.</summary>
/// <remarks>Every failure of a call is an <see cref="OpenStackApiException"/>. Safe to use from several threads.</remarks>
public sealed class OpenStackConnection : IDisposable
{
    private readonly HttpMessageInvoker network;
    private readonly bool ownsNetwork;
    private readonly NetworkHandler counter;
    private readonly List<HttpClient> clients = [];
    private readonly TokenSource tokens;
    private readonly ProjectTokens projectTokens;
    private readonly AllocationCandidateQuery candidates;
    private readonly Dictionary<string, ServiceHandler> services = new(StringComparer.Ordinal);
    private readonly CloudSettings cloud;
    private readonly OpenStackConnectionOptions options;

    private OpenStackConnection(CloudSettings cloud, OpenStackConnectionOptions options)
    {
        (this.cloud, this.options) = (cloud, options);
        options.Check();
        ILogger log = options.LoggerFactory?.CreateLogger("OpenStackSev.OpenStack") ?? NullLogger.Instance;
        HttpMessageHandler transport = options.Transport ?? Transport.For(cloud);
        ownsNetwork = options.Transport is null;
        network = new HttpMessageInvoker(transport, ownsNetwork);
        counter = new NetworkHandler(network, options, log);
        Keystone = Client<IKeystoneApi>(new KeystoneHandler(cloud, Pipeline(options)));
        tokens = new TokenSource(Keystone, cloud, options.Time);
        Placement = Service<IPlacementApi>(ServiceType.Placement, cloud, options);
        candidates = new AllocationCandidateQuery(clients[^1]);
        Nova = Service<INovaApi>(ServiceType.Compute, cloud, options);
        Glance = Service<IGlanceApi>(ServiceType.Image, cloud, options);
        projectTokens = new ProjectTokens(Keystone, cloud, options.Time);
        Heat = Client<IHeatApi>(new ServiceHandler(ServiceType.Orchestration, cloud, request => request is null ? tokens : projectTokens.Of(request), Pipeline(options)));
    }

    public IKeystoneApi Keystone { get; }
    public IPlacementApi Placement { get; }
    public INovaApi Nova { get; }
    public IGlanceApi Glance { get; }
    public IHeatApi Heat { get; }

    /// <summary>HTTP requests sent so far, those to Keystone and repetitions included.</summary>
    public long RequestCount => counter.Count;

    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="CloudConfigurationException">The CA file cannot be used.</exception>
    public static OpenStackConnection Open(CloudSettings cloud, OpenStackConnectionOptions? options = null) =>
        new(cloud, options ?? new OpenStackConnectionOptions());

    /// <summary>The microversion in use with a service; null for one that has none. Negotiated at the first call.</summary>
    public Task<Microversion?> MicroversionAsync(ServiceType service, CancellationToken ct) => services[service.Name].MicroversionAsync(ct);

    /// <summary>Placement's GET /allocation_candidates.</summary>
    /// <param name="query">As Nova sends it, e.g. <c>resources1</c>, <c>required1</c>; a name may come twice.</param>
    public Task<AllocationCandidates> AllocationCandidatesAsync(IEnumerable<KeyValuePair<string, string>> query, CancellationToken ct) =>
        candidates.SendAsync(query, ct);

    /// <summary>Who and what the token stands for.</summary>
    public async Task<TokenBody> TokenAsync(CancellationToken ct) => (await tokens.GetAsync(ct)).Body;

    /// <summary>What somebody else's token stands for, without a catalogue; null when Keystone does not take it for good.</summary>
    /// <param name="allowExpired">Takes a token for some time after its end.</param>
    /// <exception cref="OpenStackApiException">Keystone cannot be asked, or refuses this connection's own credentials.</exception>
    public async Task<TokenBody?> ValidateTokenAsync(string subjectToken, bool allowExpired, CancellationToken ct)
    {
        Token own = await tokens.GetAsync(ct);
        try
        {
            return await AskAsync(own.Secret);
        }
        catch (OpenStackApiException e) when (e.Status == HttpStatusCode.Unauthorized)
        {
            return await AskAsync((await tokens.RenewAsync(own, ct)).Secret);
        }

        async Task<TokenBody?> AskAsync(string token)
        {
            try
            {
                return (await Keystone.ValidateTokenAsync(token, subjectToken, 1, allowExpired ? 1 : null, ct)).Token;
            }
            // 400 is how some releases answer to what is no token at all.
            catch (OpenStackApiException e) when (e.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
            {
                return null;
            }
        }
    }

    /// <summary>Where a service is: overridden in clouds.yaml, else by the catalogue.</summary>
    /// <exception cref="OpenStackApiException">It is in neither.</exception>
    public async ValueTask<Uri> EndpointAsync(ServiceType service, CancellationToken ct) =>
        cloud.EndpointOverrides.TryGetValue(service.Name, out Uri? configured)
            ? configured
            : ServiceCatalog.Find((await tokens.GetAsync(ct)).Body, service, cloud);

    /// <summary>A transport for a client of another service: with this cloud's TLS, time-outs, repetitions and token.</summary>
    /// <remarks>Answers are passed on whatever their status. The caller disposes it, before the connection.</remarks>
    public HttpMessageHandler AuthenticatedTransport() => new AuthenticatedHandler(tokens, Pipeline(options));

    public void Dispose()
    {
        foreach (HttpClient client in clients)
            client.Dispose();
        projectTokens.Dispose();
        tokens.Dispose();
        network.Dispose();
    }

    private T Service<T>(ServiceType service, CloudSettings cloud, OpenStackConnectionOptions options)
    {
        var handler = new ServiceHandler(service, cloud, _ => tokens, Pipeline(options));
        services.Add(service.Name, handler);
        return Client<T>(handler);
    }

    private HttpMessageHandler Pipeline(OpenStackConnectionOptions options) => Retries.Around(new BorrowedHandler(counter), options);

    private T Client<T>(HttpMessageHandler handler)
    {
        // The address is replaced by the catalogue's in the handler; HttpClient only insists on having one.
        var client = new HttpClient(handler) { BaseAddress = new Uri("http://service.invalid"), Timeout = Timeout.InfiniteTimeSpan };
        clients.Add(client);
        return RestService.ForGenerated<T>(client, Failures.Settings());
    }
}
