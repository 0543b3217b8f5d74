namespace OpenStackSev.OpenStack.Keystone;

/// <summary>Endpoints by service type, interface and region. Pure.</summary>
/// <remarks>The reader lets a null element of a list pass, whatever the type says; such entries are passed over.</remarks>
public static class ServiceCatalog
{
    /// <exception cref="OpenStackApiException">The catalogue has no such endpoint; the message lists what it has.</exception>
    public static Uri Find(TokenBody token, ServiceType service, CloudSettings cloud)
    {
        string[] types = [service.Name, .. service.Aliases];
        CatalogService[] found = [.. token.Catalog.Where(entry => entry is not null && types.Contains(entry.Type, StringComparer.OrdinalIgnoreCase))];
        if (found.Length == 0)
        {
            throw Missing(service, cloud, $"the catalogue has no service of type '{service.Name}'; it has " +
                Listed(token.Catalog.Where(entry => entry is not null).Select(entry => entry.Type)));
        }

        CatalogEndpoint[] endpoints = [.. found.SelectMany(entry => entry.Endpoints).Where(endpoint => endpoint is not null)];
        CatalogEndpoint[] inRegion = [.. endpoints
            .Where(endpoint => cloud.RegionName is null || (endpoint.RegionId ?? endpoint.Region) == cloud.RegionName)];
        if (inRegion.Length == 0)
        {
            throw Missing(service, cloud, $"service '{service.Name}' has no endpoint in region '{cloud.RegionName}'; it has " +
                Listed(endpoints.Select(endpoint => endpoint.RegionId ?? endpoint.Region ?? "none")));
        }

        CatalogEndpoint? endpoint = inRegion.FirstOrDefault(candidate => candidate.Interface == cloud.Interface);
        string region = cloud.RegionName is { } name ? $" in region '{name}'" : "";
        if (endpoint is null)
        {
            throw Missing(service, cloud, $"service '{service.Name}' has no {cloud.Interface} endpoint{region}; it has " +
                Listed(inRegion.Select(one => one.Interface)));
        }

        return Uri.TryCreate(endpoint.Url, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw Missing(service, cloud, $"the {cloud.Interface} endpoint of service '{service.Name}' is no HTTP URL");
    }

    private static OpenStackApiException Missing(ServiceType service, CloudSettings cloud, string detail) =>
        new(service.Name, $"catalogue of {cloud.AuthUrl}", status: null, OpenStackCodes.EndpointNotFound, requestId: null, detail);

    private static string Listed(IEnumerable<string> names)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return distinct.Length == 0 ? "nothing at all" : string.Join(", ", distinct);
    }
}
